import { describe, expect, it } from 'vitest';
import type { TargetPanel } from '../../../contracts/panel.ts';
import { knownAt } from './known.ts';

const DAY = 86_400_000;

/** Three days, one tract. Day 1 was first shown as 50 by the snapshot that reached day 1, as 60 by the one that
 *  reached day 2, and as 61 by another without a newer day. */
const panel: TargetPanel = {
  step: 'day',
  start: 0,
  stepMs: DAY,
  length: 3,
  tracts: [{ id: 'a', name: 'A' }],
  target: 'new_cases',
  scale: 'count',
  values: Float64Array.from([10, 61, 30]),
  observed: Uint8Array.from([1, 1, 1]),
  delay: 0,
  revisions: {
    cell: Int32Array.from([0, 1, 1, 1, 2]),
    knownAt: Float64Array.from([0, DAY, 2 * DAY, 2 * DAY + 1, 2 * DAY]),
    value: Float64Array.from([10, 50, 60, 61, 30]),
    since: 0,
  },
};

describe('knownAt', () => {
  it('shows a day as it was when the portal first reached the cutoff, not as corrected since', () => {
    const { values, last } = knownAt(panel, 1);
    expect(values[1]).toBe(50);
    expect(last).toBe(1);
    expect(values[2]).toBeNaN();
  });

  it('takes in what the next day corrected, but not what a later look at the same day did', () => {
    expect(knownAt(panel, 2).values[1]).toBe(60);
  });

  it('cuts the days that are typically not complete yet', () => {
    const { values, last } = knownAt({ ...panel, delay: 1 }, 2);
    expect(last).toBe(1);
    expect(values[2]).toBeNaN();
  });

  it('takes final values, cut by the delay, for cutoffs before the first snapshot', () => {
    const since = { ...panel.revisions!, since: 2 * DAY };
    expect(knownAt({ ...panel, revisions: since }, 1).values[1]).toBe(61);
  });

  it('refuses a cutoff outside the panel', () => {
    expect(() => knownAt(panel, 3)).toThrow('outside');
  });
});
