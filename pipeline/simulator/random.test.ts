import { describe, expect, it } from 'vitest';
import { fate, random } from './random.ts';

const DRAWS = 20_000;

function moments(draw: () => number) {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (DRAWS - 1);
  return { mean, variance, smallest: Math.min(...values), largest: Math.max(...values) };
}

describe('draws', () => {
  // Both sides of the change from the exact method to the normal approximation, at a mean of 20.
  it.each([
    [40, 0.3],
    [1_000, 0.0195],
    [1_000, 0.0205],
    [1_000, 0.7],
  ])('gives a binomial of n=%d, p=%d its mean np and variance np(1-p)', (n, p) => {
    const draw = random(1);
    const { mean, variance, smallest, largest } = moments(() => draw.binomial(n, p));
    expect(mean / (n * p)).toBeCloseTo(1, 1.5);
    expect(variance / (n * p * (1 - p))).toBeGreaterThan(0.95);
    expect(variance / (n * p * (1 - p))).toBeLessThan(1.05);
    expect(smallest).toBeGreaterThanOrEqual(0);
    expect(largest).toBeLessThanOrEqual(n);
  });

  it('spreads an overdispersed count by mean + mean² / size', () => {
    const draw = random(2);
    const { mean, variance } = moments(() => draw.overdispersed(50, 20));
    expect(Math.abs(mean - 50)).toBeLessThan(1);
    expect(Math.abs(variance / (50 + 2500 / 20) - 1)).toBeLessThan(0.1);
  });

  it('never takes more than there are, nor any of none', () => {
    const draw = random(3);
    expect([draw.binomial(0, 0.5), draw.binomial(7, 0), draw.binomial(7, 1), draw.poisson(0)]).toEqual([
      0, 0, 7, 0,
    ]);
  });
});

describe('fate', () => {
  it('depends on nothing but its arguments, and on each of them', () => {
    expect(fate(1, 2, 3, 4, 5)).toBe(fate(1, 2, 3, 4, 5));
    const others = [
      fate(0, 2, 3, 4, 5),
      fate(1, 0, 3, 4, 5),
      fate(1, 2, 0, 4, 5),
      fate(1, 2, 3, 0, 5),
      fate(1, 2, 3, 4, 0),
    ];
    expect(new Set([...others, fate(1, 2, 3, 4, 5)]).size).toBe(6);
  });

  it('is spread evenly over neighbouring cells', () => {
    const tenths = new Array(10).fill(0);
    for (let c = 0; c < 100; c++)
      for (let day = 0; day < 100; day++) tenths[Math.floor(fate(7, 1, c, day) * 10)]++;
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(120); // four standard deviations
  });
});
