import type { TargetPanel } from '../../contracts/panel.ts';
import { knownAt } from './predict/known.ts';

/** Observed values, NaN elsewhere, shape [tracts × length]. */
export function truthOf(panel: Pick<TargetPanel, 'values' | 'observed'>): Float64Array {
  return panel.values.map((value, cell) => (panel.observed[cell] === 1 ? value : Number.NaN));
}

/** Truths as they were known at a cutoff; without revisions they never changed. The last answer is kept. */
export function truthsKnown(panel: TargetPanel): (cutoff: number) => Float64Array {
  if (panel.revisions === undefined) {
    const truth = truthOf(panel);
    return () => truth;
  }
  let kept: { cutoff: number; truth: Float64Array } = { cutoff: -1, truth: new Float64Array(0) };
  return (cutoff) => {
    if (kept.cutoff !== cutoff) kept = { cutoff, truth: truthOf(knownAt(panel, cutoff)) };
    return kept.truth;
  };
}

/** Mean of the window that ends at each step; NaN unless all of its steps are known. */
export function meansOf(truth: Float64Array, length: number, window: number): Float64Array {
  const means = new Float64Array(truth.length).fill(Number.NaN);
  for (let cell = window - 1; cell < truth.length; cell++) {
    if (cell % length < window - 1) continue;
    let sum = 0;
    for (let back = 0; back < window; back++) sum += truth[cell - back];
    means[cell] = sum / window;
  }
  return means;
}

/** The panel as if the file ended at a step: what comes later does not exist. */
export function until(panel: TargetPanel, last: number): TargetPanel {
  const length = Math.min(panel.length, last + 1);
  if (length === panel.length) return panel;
  const tracts = panel.tracts.length;
  const values = new Float64Array(tracts * length);
  const observed = new Uint8Array(tracts * length);
  for (let tract = 0; tract < tracts; tract++) {
    const from = tract * panel.length;
    values.set(panel.values.subarray(from, from + length), tract * length);
    observed.set(panel.observed.subarray(from, from + length), tract * length);
  }
  return { ...panel, length, values, observed, revisions: cutRevisions(panel, length) };
}

function cutRevisions(panel: TargetPanel, length: number): TargetPanel['revisions'] {
  const { revisions } = panel;
  if (revisions === undefined) return undefined;
  const keep: number[] = [];
  revisions.cell.forEach((cell, index) => {
    if (cell % panel.length < length) keep.push(index);
  });
  return {
    cell: Int32Array.from(keep, (index) => {
      const cell = revisions.cell[index];
      return Math.floor(cell / panel.length) * length + (cell % panel.length);
    }),
    knownAt: Float64Array.from(keep, (index) => revisions.knownAt[index]),
    value: Float64Array.from(keep, (index) => revisions.value[index]),
    since: revisions.since,
  };
}
