import type { Panel, Revisions } from '../../contracts/panel.ts';
import type { Measure } from '../../contracts/roles.ts';
import { knownValue } from './delay.ts';
import type { Observations } from './read-observations.ts';

/**
 * What was known of the target at earlier moments.
 * Where new cases are only published as totals, a revised total changes two days: its own and the next.
 * @returns undefined where there was a single snapshot
 */
export function targetRevisions(
  observations: Observations,
  panel: Panel,
  target: { name: string; derived: boolean },
): Revisions | undefined {
  const { revisions } = observations;
  if (!revisions) return undefined;
  const { cell, knownAt, since } = revisions;
  if (!target.derived) {
    const value = revisions.values[target.name as Measure] ?? revisions.values.value;
    return value && { cell, knownAt, value: value.map(credible), since };
  }
  const totals = revisions.values.total_cases;
  return totals && differencedRevisions({ cell, knownAt, value: totals, since }, panel.length);
}

/** A negative count is a correction of earlier days: unknown. */
const credible = (value: number) => (value < 0 ? NaN : value);

function differencedRevisions(totals: Revisions, length: number): Revisions {
  const events = new Map<string, { cell: number; knownAt: number }>();
  const last = totals.cell.length;
  for (let i = 0; i < last; i++) {
    for (const cell of [totals.cell[i], totals.cell[i] + 1]) {
      if (cell % length === 0) continue;
      const event = { cell, knownAt: totals.knownAt[i] };
      events.set(`${cell}@${event.knownAt}`, event);
    }
  }
  const sorted = [...events.values()].sort((a, b) => a.cell - b.cell || a.knownAt - b.knownAt);
  const kept: { cell: number; knownAt: number; value: number }[] = [];
  for (const { cell, knownAt } of sorted) {
    const here = knownValue(totals, cell, knownAt);
    const before = knownValue(totals, cell - 1, knownAt);
    if (here === undefined || before === undefined) continue;
    kept.push({ cell, knownAt, value: credible(here - before) });
  }
  return {
    cell: Int32Array.from(kept, (event) => event.cell),
    knownAt: Float64Array.from(kept, (event) => event.knownAt),
    value: Float64Array.from(kept, (event) => event.value),
    since: totals.since,
  };
}
