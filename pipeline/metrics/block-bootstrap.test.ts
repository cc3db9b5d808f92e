import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { compareLosses } from './block-bootstrap.ts';

const options = { blockDays: 14, alpha: 0.05, seed: 7 };

describe('compareLosses', () => {
  it('estimates the relative improvement of the sums', () => {
    const reference = new Array(60).fill(10);
    const challenger = new Array(60).fill(9);
    expect(compareLosses({ challenger, reference }, options).estimate).toBeCloseTo(0.1, 12);
    // RMSE is the root of the mean square: √0.81 = 0.9
    const squares = compareLosses(
      { challenger: new Array(60).fill(8.1), reference },
      { ...options, root: true },
    );
    expect(squares.estimate).toBeCloseTo(0.1, 12);
  });

  it('finds equal sides neither better nor worse, and without noise', () => {
    const losses = noisyDays(60, normals(1));
    const { estimate, standardError, low, pBetter, pWorse } = compareLosses(
      { challenger: losses, reference: losses },
      options,
    );
    expect({ estimate, standardError, low, pBetter, pWorse }).toEqual({
      estimate: 0,
      standardError: 0,
      low: 0,
      pBetter: 1,
      pWorse: 1,
    });
  });

  it('gives the same answer for the same seed, and swaps better and worse with the sides', () => {
    const random = normals(3);
    const [a, b] = [noisyDays(60, random), noisyDays(60, random)];
    const there = compareLosses({ challenger: a, reference: b }, options);
    expect(compareLosses({ challenger: a, reference: b }, options)).toEqual(there);
    const back = compareLosses({ challenger: b, reference: a }, options);
    expect(Math.sign(back.estimate)).toBe(-Math.sign(there.estimate));
    expect(back.pBetter < 0.5).toBe(there.pWorse < 0.5);
  });

  it('has its lower end above 0 exactly where the p-value lies below alpha', () => {
    const random = normals(5);
    const seen = new Set<boolean>();
    for (let i = 0; i < 40; i++) {
      const reference = noisyDays(60, random);
      const challenger = reference.map((loss) => loss * (1 - 0.03 + 0.1 * random()));
      const { low, pBetter } = compareLosses({ challenger, reference }, { ...options, resamples: 200 });
      expect(low > 0).toBe(pBetter < options.alpha);
      seen.add(low > 0);
    }
    expect(seen.size).toBe(2);
  });

  it('cannot tell the noise from fewer than two blocks, nor improve on nothing', () => {
    const days = (n: number) => noisyDays(n, normals(2)).map((loss, i) => loss * (1 + 0.01 * (i % 3)));
    expect(compareLosses({ challenger: days(27), reference: days(27) }, options).low).toBeNaN();
    expect(
      compareLosses({ challenger: days(42), reference: noisyDays(42, normals(9)) }, options).low,
    ).not.toBeNaN();
    const nothing = new Array(60).fill(0);
    expect(compareLosses({ challenger: nothing, reference: nothing }, options).estimate).toBeNaN();
  });

  it('weighs few effective days where one wave carries the losses', () => {
    const wave = Array.from({ length: 90 }, (_, day) => Math.exp(4 * Math.sin((Math.PI * day) / 90)));
    const flat = new Array(90).fill(1);
    const blocks = (losses: number[]) =>
      compareLosses({ challenger: losses, reference: losses }, options).effectiveBlocks;
    expect(blocks(flat)).toBeCloseTo(90 / 14, 10);
    expect(blocks(wave)).toBeLessThan(0.6 * blocks(flat));
  });

  it('sees a smaller difference when it has more days', () => {
    const visible = (days: number) => {
      const random = normals(11);
      const reference = noisyDays(days, random);
      const challenger = reference.map((loss) => loss * (1 + 0.1 * random()));
      return compareLosses({ challenger, reference }, options).smallestVisible;
    };
    expect(visible(180)).toBeLessThan(visible(45));
  });

  it('refuses sides of unequal length', () => {
    expect(() => compareLosses({ challenger: [1], reference: [1, 2] }, options)).toThrow(RangeError);
  });

  // Losses of neighbouring days share six of seven targets, so they move together.
  it.each([
    { days: 30, rho: 0.6 },
    { days: 60, rho: 0.6 },
    { days: 90, rho: 0.6 },
    { days: 60, rho: 0 },
  ])('passes equal recipes in at most 5 % of cases: $days days, autocorrelation $rho', ({ days, rho }) => {
    const trials = 1000;
    const random = normals(100 + days);
    let passed = 0;
    for (let trial = 0; trial < trials; trial++) {
      const common = autocorrelated(days, rho, random);
      const side = () => {
        const own = autocorrelated(days, rho, random);
        return common.map((value, day) => Math.exp(0.4 * value + 0.2 * own[day]));
      };
      const losses = { challenger: side(), reference: side() };
      // The level of a first look at alpha = 0.05.
      const { pBetter } = compareLosses(losses, {
        blockDays: 14,
        alpha: 0.0304,
        seed: trial,
        resamples: 300,
      });
      if (pBetter < 0.0304) passed++;
    }
    expect(passed / trials).toBeLessThanOrEqual(0.05);
  });

  it('finds an improvement as large as the smallest visible one in about 80 of 100 cases', () => {
    const random = normals(77);
    const trials = 400;
    const sides = () => {
      const common = autocorrelated(90, 0.3, random);
      const side = () => {
        const own = autocorrelated(90, 0.3, random);
        return common.map((value, day) => Math.exp(0.3 * value + 0.1 * own[day]));
      };
      return { challenger: side(), reference: side() };
    };
    const visible: number[] = [];
    for (let i = 0; i < 50; i++)
      visible.push(compareLosses(sides(), { ...options, resamples: 300 }).smallestVisible);
    const effect = visible.reduce((a, b) => a + b) / visible.length;
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const { challenger, reference } = sides();
      const better = challenger.map((loss) => loss * (1 - effect));
      if (compareLosses({ challenger: better, reference }, { ...options, resamples: 300 }).low > 0) found++;
    }
    expect(found / trials).toBeGreaterThan(0.7);
    expect(found / trials).toBeLessThan(0.95);
  });
});

function normals(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(random);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

function autocorrelated(days: number, rho: number, normal: () => number): number[] {
  let value = normal();
  return Array.from({ length: days }, () => {
    value = rho * value + Math.sqrt(1 - rho * rho) * normal();
    return value;
  });
}

function noisyDays(days: number, normal: () => number): number[] {
  return autocorrelated(days, 0.5, normal).map((value) => 100 * Math.exp(0.2 * value));
}
