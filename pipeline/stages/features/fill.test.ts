import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillGaps } from './fill.ts';

const week = { length: 21, rhythm: 7, scale: 'count' } as const;

describe('fillGaps', () => {
  it('carries a weekday on by the trend of the last two weeks, damped', () => {
    // Weeks of 7 × 10 and 7 × 20: growth 2, trusted to 0.6 in the first week of a gap: 20 · 2^0.6.
    const values = Float64Array.from([...Array(7).fill(10), ...Array(7).fill(20), ...Array(7).fill(NaN)]);
    const { values: filled, observed } = fillGaps(values, week);
    expect(filled[14]).toBeCloseTo(20 * 2 ** 0.6, 10);
    expect([...observed]).toEqual([...Array(14).fill(1), ...Array(7).fill(0)]);
  });

  it('leaves what is before the first observation unknown', () => {
    const { values, observed, filled } = fillGaps(Float64Array.from([NaN, NaN, 5, NaN]), {
      ...week,
      length: 4,
    });
    expect([...values]).toEqual([NaN, NaN, 5, 5]);
    expect([...observed]).toEqual([0, 0, 1, 0]);
    expect(filled).toBe(1);
  });

  it('moves real values on by a difference, below zero too', () => {
    const values = Float64Array.from([1, 1, -1, -1, NaN]);
    const { values: filled } = fillGaps(values, { length: 5, rhythm: 2, scale: 'real' });
    expect(filled[4]).toBeCloseTo(-1 + 0.6 * -2, 10);
  });

  it('never lets a later value into a gap, and never touches a published one', () => {
    const cell = fc.oneof(fc.constant(NaN), fc.nat(1000));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 20, maxLength: 60 }), fc.nat(59), (cells, at) => {
        const cut = Math.min(at, cells.length - 1);
        const whole = fillGaps(Float64Array.from(cells), { length: cells.length, rhythm: 7, scale: 'count' });
        const part = fillGaps(Float64Array.from(cells.slice(0, cut + 1)), {
          length: cut + 1,
          rhythm: 7,
          scale: 'count',
        });
        expect([...part.values]).toEqual([...whole.values.slice(0, cut + 1)]);
        cells.forEach((value, t) => {
          if (!Number.isNaN(value)) expect(whole.values[t]).toBe(value);
        });
      }),
    );
  });

  it('keeps a vanished tract from growing for ever', () => {
    const values = new Float64Array(400).fill(NaN);
    for (let t = 0; t < 7; t++) values[t] = 100;
    for (let t = 7; t < 14; t++) values[t] = 200;
    const { values: filled } = fillGaps(values, { length: 400, rhythm: 7, scale: 'count' });
    expect(filled[399]).toBeLessThan(1000);
    expect(filled[399]).toBeGreaterThan(200);
  });
});
