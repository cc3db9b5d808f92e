import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnStatistics } from './statistics.ts';

const of = (values: number[], options: { length: number; until: number }) =>
  columnStatistics([{ name: 'x', values: Float32Array.from(values) }], options).x;

describe('columnStatistics', () => {
  it('are of the training part alone, in every tract', () => {
    // Two tracts of four steps; what comes after the third is never looked at.
    const { mean, std, min, max, median, null_share } = of([2, 4, NaN, 1e9, 6, 8, 10, -1e9], {
      length: 4,
      until: 3,
    });
    expect(mean).toBe(6);
    expect(std).toBeCloseTo(Math.sqrt((16 + 4 + 0 + 4 + 16) / 4), 12);
    expect([min, max, median]).toEqual([2, 10, 6]);
    expect(null_share).toBeCloseTo(1 / 6, 12);
  });

  it('say unknown of a column without values, and have no spread of a single one', () => {
    expect(of([NaN, NaN], { length: 2, until: 2 })).toMatchObject({ mean: null, q01: null, null_share: 1 });
    expect(of([5, NaN], { length: 2, until: 2 })).toMatchObject({
      mean: 5,
      std: null,
      median: 5,
      null_share: 0.5,
    });
  });

  it('do not cancel where the mean is large against the spread', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 4_000_000 + (i % 2));
    expect(of(values, { length: 1000, until: 1000 }).std).toBeCloseTo(Math.sqrt(250 / 999), 9);
  });

  it('take quantiles of a long column from a stride through it', () => {
    const values = Array.from({ length: 1_000_000 }, (_, i) => i % 1000);
    const { q01, median, q99 } = of(values, { length: 1000, until: 1000 });
    expect(Math.abs(q01! - 10)).toBeLessThan(10);
    expect(Math.abs(median! - 500)).toBeLessThan(10);
    expect(Math.abs(q99! - 990)).toBeLessThan(10);
  });

  it('see every weekday of a long column, however the stride falls', () => {
    // 1.4 million cells over a sample of 200,000 would take every seventh.
    const values = Array.from({ length: 1_400_000 }, (_, i) => i % 7);
    const { q01, median, q99 } = of(values, { length: 1_400_000, until: 1_400_000 });
    expect([q01, median, q99]).toEqual([0, 3, 6]);
  });

  it('lie in order and within the values', () => {
    const cell = fc.oneof(fc.constant(NaN), fc.integer({ min: -1000, max: 1000 }));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 60 }), (cells) => {
        const { min, q01, median, q99, max, mean } = of(cells, { length: cells.length, until: cells.length });
        if (mean === null) {
          expect(cells.every(Number.isNaN)).toBe(true);
          return;
        }
        const order = [min!, q01!, median!, q99!, max!];
        expect(order).toEqual([...order].sort((a, b) => a - b));
        expect(mean).toBeGreaterThanOrEqual(min!);
        expect(mean).toBeLessThanOrEqual(max!);
      }),
    );
  });
});
