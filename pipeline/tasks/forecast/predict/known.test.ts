import { describe, expect, it } from 'vitest';
import { madePanel } from '../made-panel.ts';
import { knownAt } from './known.ts';

describe('knownAt', () => {
  it('ends at the cutoff less the reporting delay', () => {
    const known = knownAt(madePanel({ length: 6, delay: 2, value: (_, t) => t + 1 }), 4);
    expect(known.last).toBe(2);
    expect(Array.from(known.values)).toEqual([1, 2, 3, Number.NaN, Number.NaN, Number.NaN]);
    expect(Array.from(known.observed)).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('fills gaps from the past alone: the same weekday before, else the value before', () => {
    const panel = madePanel({ length: 12, value: (_, t) => (t === 3 || t === 9 ? Number.NaN : 10 + t) });
    panel.values[3] = 999; // a fill that may have looked ahead
    const known = knownAt(panel, 11);
    expect(known.values[3]).toBe(12); // no week before it: the day before
    expect(known.values[9]).toBe(12); // two days after the first week: its Wednesday
    expect(known.observed[9]).toBe(0);
  });

  it('gives 0 to a tract that never published and the first value to what precedes it', () => {
    const panel = madePanel({
      tracts: 2,
      length: 4,
      value: (tract, t) => (tract === 1 && t >= 2 ? 5 : Number.NaN),
    });
    expect(Array.from(knownAt(panel, 3).values)).toEqual([0, 0, 0, 0, 5, 5, 5, 5]);
  });

  it('takes values as they were collected by then, where snapshots tell', () => {
    const panel = madePanel({ length: 5, value: () => 100 });
    const day = (t: number) => panel.start + t * panel.stepMs;
    panel.revisions = {
      cell: Int32Array.of(1, 1, 3),
      knownAt: Float64Array.of(day(2), day(4) + 1, day(4)),
      value: Float64Array.of(60, 100, 100),
      since: day(2),
    };
    // at the end of day 1 (= start of day 2) the first value was there; day 3 came only with the snapshot of day 4
    expect(knownAt(panel, 1).values[1]).toBe(60);
    expect(knownAt(panel, 3).values[1]).toBe(60);
    expect(knownAt(panel, 4).values[1]).toBe(100);
    expect(knownAt(panel, 2).observed[3]).toBe(0);
    expect(knownAt(panel, 3).observed[3]).toBe(1);
    // before the first snapshot the final values stand in
    panel.revisions.since = day(3);
    expect(knownAt(panel, 1).values[1]).toBe(100);
  });

  it('refuses cutoffs outside of the panel', () => {
    const panel = madePanel({ length: 3, value: () => 1 });
    expect(() => knownAt(panel, 3)).toThrow(RangeError);
    expect(() => knownAt(panel, -1)).toThrow(RangeError);
  });
});
