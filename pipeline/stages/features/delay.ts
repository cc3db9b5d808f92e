import type { Revisions } from '../../contracts/panel.ts';

/**
 * Reporting delay learnt from snapshots: how many of the newest published steps are typically not yet complete.
 *
 * For each age (steps before the newest one of a snapshot) the sum known then is compared with the sum known now,
 * over all tracts and snapshots; the delay reaches back to the oldest age that still lacked more than
 * `1 - complete` of it.
 * @param input.values final values, shape [tracts × length]
 * @returns whole steps, 0 … maxDelay; 0 where no snapshots tell
 */
export function learnDelay(input: {
  revisions: Revisions | undefined;
  values: Float64Array;
  tracts: number;
  start: number;
  stepMs: number;
  length: number;
  maxDelay?: number;
  complete?: number;
}): number {
  const { revisions, values, tracts, start, stepMs, length, maxDelay = 7, complete = 0.93 } = input;
  if (!revisions) return 0;
  const known = new Float64Array(maxDelay);
  const final = new Float64Array(maxDelay);
  for (const moment of teachers(revisions, stepMs)) {
    const newest = Math.floor((moment - start) / stepMs);
    for (let age = 0; age < maxDelay; age++) {
      const t = newest - age;
      if (t < 0 || t >= length) continue;
      for (let tract = 0; tract < tracts; tract++) {
        const cell = tract * length + t;
        if (!Number.isFinite(values[cell])) continue;
        final[age] += values[cell];
        known[age] += knownValue(revisions, cell, moment) ?? 0;
      }
    }
  }
  for (let age = maxDelay - 1; age >= 0; age--) {
    if (final[age] > 0 && Math.abs(known[age] / final[age] - 1) > 1 - complete) return age + 1;
  }
  return 0;
}

/** A snapshot teaches only when later ones show how far its newest values still moved: three steps at the least. */
function teachers(revisions: Revisions, stepMs: number): number[] {
  const moments = [...new Set(revisions.knownAt)].sort((a, b) => a - b);
  const newest = moments[moments.length - 1];
  return moments.filter((moment) => newest - moment >= 3 * stepMs).slice(-60);
}

/** Value of a cell at a moment; undefined where nothing was known yet. */
export function knownValue(revisions: Revisions, cell: number, moment: number): number | undefined {
  let low = 0;
  let high = revisions.cell.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (revisions.cell[middle] < cell) low = middle + 1;
    else high = middle;
  }
  let value: number | undefined;
  for (let i = low; i < revisions.cell.length && revisions.cell[i] === cell; i++) {
    if (revisions.knownAt[i] > moment) break;
    value = revisions.value[i];
  }
  return value;
}
