import { describe, expect, it } from 'vitest';
import type { Revisions } from '../../contracts/panel.ts';
import { knownValue, learnDelay } from './delay.ts';

const axis = { tracts: 1, start: 0, stepMs: 1, length: 20 };

/** A portal that shows `shares[age]` of a day's final 100 at each age, snapshots at every step from 10 on. */
function reported(shares: number[]): Revisions {
  const entries: { cell: number; knownAt: number; value: number }[] = [];
  for (let t = 0; t < 20; t++) {
    let before = NaN;
    for (let moment = Math.max(10, t); moment < 20; moment++) {
      const value = 100 * (shares[moment - t] ?? 1);
      if (value !== before) entries.push({ cell: t, knownAt: moment, value });
      before = value;
    }
  }
  return {
    cell: Int32Array.from(entries, (entry) => entry.cell),
    knownAt: Float64Array.from(entries, (entry) => entry.knownAt),
    value: Float64Array.from(entries, (entry) => entry.value),
    since: 10,
  };
}

describe('learnDelay', () => {
  const values = new Float64Array(20).fill(100);

  it('counts the newest steps that were not complete', () => {
    expect(learnDelay({ ...axis, values, revisions: reported([0.5, 0.8]) })).toBe(2);
    expect(learnDelay({ ...axis, values, revisions: reported([0.5]) })).toBe(1);
  });

  it('finds none where days arrive nearly whole, on both sides of the limit', () => {
    expect(learnDelay({ ...axis, values, revisions: reported([0.93]) })).toBe(0);
    expect(learnDelay({ ...axis, values, revisions: reported([0.92]) })).toBe(1);
  });

  it('says none where no snapshots tell', () => {
    expect(learnDelay({ ...axis, values, revisions: undefined })).toBe(0);
  });
});

it('answers with the value of the moment, not a later one', () => {
  const revisions = reported([0.5, 0.8]);
  expect(knownValue(revisions, 12, 12)).toBe(50);
  expect(knownValue(revisions, 12, 13)).toBe(80);
  expect(knownValue(revisions, 12, 19)).toBe(100);
  expect(knownValue(revisions, 12, 11)).toBeUndefined();
});
