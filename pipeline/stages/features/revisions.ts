import type { Panel, Revisions } from '../../contracts/panel.ts';
import type { Observations } from './read-observations.ts';
import type { Target } from './target.ts';

/**
 * What was known of the target at earlier moments.
 * Where new cases are only published as totals, a revised total changes two days: its own and the next.
 * @returns undefined where there was a single snapshot
 */
export function targetRevisions(
  observations: Observations,
  panel: Panel,
  { name: target, scale }: Pick<Target, 'name' | 'scale'>,
): Revisions | undefined {
  const { revisions } = observations;
  if (!revisions) return undefined;
  const { cell, knownAt, since, measure, values } = revisions;
  const derived = target === 'new_cases' && measure === 'total_cases';
  if (!derived) return { cell, knownAt, value: scale === 'count' ? values.map(credible) : values, since };
  return differencedRevisions({ cell, knownAt, value: values, since }, panel.length);
}

/** A negative count is a correction of earlier days: unknown. */
const credible = (value: number) => (value < 0 ? NaN : value);

/** One walk over both days' entries: whenever either total changes, so may their difference. */
function differencedRevisions(totals: Revisions, length: number): Revisions {
  const entries = totals.cell.length;
  const cell = new Int32Array(2 * entries);
  const knownAt = new Float64Array(2 * entries);
  const value = new Float64Array(2 * entries);
  let kept = 0;
  let before = { from: 0, to: 0 };
  for (let from = 0; from < entries; from = before.to) {
    const at = totals.cell[from];
    const here = { from, to: endOf(totals, from) };
    const adjacent = before.to > before.from && totals.cell[before.from] === at - 1 && at % length !== 0;
    if (adjacent) {
      let [b, h] = [before.from, here.from];
      while (b < before.to || h < here.to) {
        const moment = Math.min(momentAt(totals, b, before.to), momentAt(totals, h, here.to));
        if (momentAt(totals, b, before.to) === moment) b++;
        if (momentAt(totals, h, here.to) === moment) h++;
        // Until both are known there is no difference.
        if (b === before.from || h === here.from) continue;
        cell[kept] = at;
        knownAt[kept] = moment;
        value[kept++] = credible(totals.value[h - 1] - totals.value[b - 1]);
      }
    }
    before = here;
  }
  return {
    cell: cell.slice(0, kept),
    knownAt: knownAt.slice(0, kept),
    value: value.slice(0, kept),
    since: totals.since,
  };
}

/** End of the entries of the cell that begins at `from`. */
function endOf({ cell }: Revisions, from: number): number {
  let to = from;
  while (to < cell.length && cell[to] === cell[from]) to++;
  return to;
}

const momentAt = ({ knownAt }: Revisions, entry: number, end: number) =>
  entry < end ? knownAt[entry] : Number.POSITIVE_INFINITY;
