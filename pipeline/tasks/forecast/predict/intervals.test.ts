import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEVELS } from '../../../contracts/forecast.ts';
import { type IntervalState, quantilesAt, settle, spreadAt } from './intervals.ts';

function state(scale: 'count' | 'real' = 'count'): IntervalState {
  return {
    scale,
    tracts: ['a'],
    tractScale: [1],
    horizons: [
      {
        relative: 0.3,
        counting: 1,
        offsets: [-2, -1.6, -1.3, -0.7, 0, 0.7, 1.3, 1.6, 2],
        typical: 0.8,
        breadth: 1,
      },
    ],
    settledUntil: null,
  };
}

describe('quantilesAt', () => {
  it('spreads small counts more than large ones, as a share', () => {
    expect(spreadAt(state(), 0, 1, 9)).toBeCloseTo(Math.sqrt(0.09 + 0.1), 12);
    expect(spreadAt(state(), 0, 1, 1e9)).toBeCloseTo(0.3, 6);
  });

  it('never decreases, is never negative for counts, and holds the forecast as its median', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 40 }),
        (forecast, truths) => {
          const of = state();
          for (const truth of truths) settle(of, 1, [{ tract: 0, forecast, truth }]);
          const quantiles = Array.from(quantilesAt(of, { tract: 0, horizon: 1, forecast }));
          expect(quantiles[LEVELS.indexOf(0.5)]).toBeCloseTo(forecast, 3);
          quantiles.forEach((value, level) => {
            expect(value).toBeGreaterThanOrEqual(level === 0 ? 0 : quantiles[level - 1]);
          });
        },
      ),
    );
  });

  it('is symmetric around real numbers, below zero too', () => {
    const quantiles = quantilesAt(state('real'), { tract: 0, horizon: 1, forecast: -5 });
    expect(quantiles[0]).toBe(-7);
    expect(quantiles[8]).toBe(-3);
  });
});

describe('settle', () => {
  it('raises the upper quantiles after truths above them, and lowers them a little after truths below', () => {
    const above = state();
    settle(above, 1, [{ tract: 0, forecast: 100, truth: 1000 }]);
    expect(above.horizons[0].offsets[7]).toBeGreaterThan(1.6);
    const below = state();
    settle(below, 1, [{ tract: 0, forecast: 100, truth: 100 }]);
    expect(below.horizons[0].offsets[7]).toBeLessThan(1.6);
    // a miss moves nineteen times as far as a hit: so 5 % of misses keep the 95 % offset where it is
    expect((above.horizons[0].offsets[7] - 1.6) / (1.6 - below.horizons[0].offsets[7])).toBeCloseTo(19, 0);
  });

  it('comes to cover 90 % of errors three times as wide as those it was made for', () => {
    const of = state('real');
    const wide = (t: number) =>
      3 * Math.sqrt(2) * Math.log(((t * 0.618034) % 1) / (1 - ((t * 0.618034) % 1)));
    let covered = 0;
    for (let t = 1; t <= 600; t++) {
      const quantiles = quantilesAt(of, { tract: 0, horizon: 1, forecast: 0 });
      const truth = wide(t);
      if (t > 300 && truth >= quantiles[1] && truth <= quantiles[7]) covered++;
      settle(of, 1, [{ tract: 0, forecast: 0, truth }]);
    }
    expect(covered / 300).toBeGreaterThan(0.87);
    expect(covered / 300).toBeLessThan(0.93);
  });

  it('learns nothing from a truth that is not known', () => {
    const of = state();
    settle(of, 1, [{ tract: 0, forecast: 100, truth: Number.NaN }]);
    expect(of).toEqual(state());
  });
});
