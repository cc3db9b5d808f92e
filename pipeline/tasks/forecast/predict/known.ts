import { type Revisions, type Step, type TargetPanel, timeAt } from '../../../contracts/panel.ts';
import type { Known } from './fitted.ts';

/** What was known at a cutoff, and nothing else.
 *  Where snapshots tell, each value is the one shown by the first snapshot that reached the cutoff's step; before the first snapshot
 *  the final values stand in, cut by the learnt reporting delay.
 *  Cells that are not observed are filled again here, from their past only: the panel's own fill may have looked
 *  at later values.
 *  @param cutoff 0 … panel.length − 1
 *  @returns values NaN after `last`; finite before */
export function knownAt(panel: TargetPanel, cutoff: number): Known {
  if (!Number.isInteger(cutoff) || cutoff < 0 || cutoff >= panel.length)
    throw new RangeError(`cutoff ${cutoff} is outside the panel of ${panel.length} steps`);
  const { length, tracts } = panel;
  const last = cutoff - Math.max(0, panel.delay);
  const values = new Float64Array(tracts.length * length).fill(Number.NaN);
  const observed = new Uint8Array(tracts.length * length);
  for (let tract = 0; tract < tracts.length; tract++) {
    const offset = tract * length;
    for (let cell = offset; cell <= offset + last; cell++) {
      if (panel.observed[cell] === 1 && Number.isFinite(panel.values[cell])) {
        values[cell] = panel.values[cell];
        observed[cell] = 1;
      }
    }
  }
  if (panel.revisions !== undefined) {
    asCollected(panel.revisions, timeAt(panel, cutoff), { values, observed, length, last });
  }
  const lag = carryLag(panel.step);
  for (let tract = 0; tract < tracts.length; tract++) fill(values, observed, tract * length, last, lag);
  return { panel, values, observed, cutoff, last };
}

/** Steps back that a missing value is carried from: the same weekday, the same hour. */
export function carryLag(step: Step): number {
  return step === 'day' ? 7 : step === 'hour' ? 24 : 1;
}

/** Puts back what the snapshots said at a moment. A cell whose first value came later was not known. */
function asCollected(
  revisions: Revisions,
  moment: number,
  into: { values: Float64Array; observed: Uint8Array; length: number; last: number },
): void {
  if (moment < revisions.since) return;
  const { cell, knownAt: at, value } = revisions;
  for (let from = 0; from < cell.length; ) {
    let to = from + 1;
    while (to < cell.length && cell[to] === cell[from]) to++;
    const where = cell[from];
    if (where % into.length <= into.last) {
      let newest = from - 1;
      while (newest + 1 < to && at[newest + 1] <= moment) newest++;
      const known = newest >= from && Number.isFinite(value[newest]);
      into.values[where] = known ? value[newest] : Number.NaN;
      into.observed[where] = known ? 1 : 0;
    }
    from = to;
  }
}

/** Gaps take the value a carry lag earlier, else the one before; what precedes the first value takes that one;
 *  a tract that has never published is 0. */
function fill(values: Float64Array, observed: Uint8Array, offset: number, last: number, lag: number): void {
  let first = 0;
  while (first <= last && observed[offset + first] === 0) first++;
  const start = first <= last ? values[offset + first] : 0;
  for (let t = 0; t <= last; t++) {
    if (observed[offset + t] === 1) continue;
    if (t < first) values[offset + t] = start;
    else values[offset + t] = t - lag >= first ? values[offset + t - lag] : values[offset + t - 1];
  }
}
