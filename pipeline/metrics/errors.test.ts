import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverage, mae, mape, mase, r2, scoreForecasts, seasonalScale, wape, wis } from './errors.ts';

const truth = [10, 20, 0, 40];
const forecast = [12, 15, 1, 40];

describe('scoreForecasts', () => {
  it('gives the errors worked out by hand', () => {
    // errors 2, −5, 1, 0: squares 4 + 25 + 1 + 0 = 30; absolute 8; truths 70, mean 17.5, SST 875
    const errors = scoreForecasts({ truth, forecast, scaleErrors: [1, 5, 2, 1] });
    expect(errors.n).toBe(4);
    expect(errors.mse).toBe(7.5);
    expect(errors.rmse).toBeCloseTo(Math.sqrt(7.5), 12);
    expect(errors.mae).toBe(2);
    expect(errors.wape).toBeCloseTo(8 / 70, 12);
    expect(errors.mape).toBeCloseTo((0.2 + 0.25 + 0) / 3, 12);
    expect(errors.mase).toBeCloseTo((2 + 1 + 0.5 + 0) / 4, 12);
    expect(errors.r2).toBeCloseTo(1 - 30 / 875, 12);
    expect(errors.wis).toBeNull();
    expect(errors.coverage90).toBeNull();
  });

  it('does not score rows whose truth is not settled', () => {
    const errors = scoreForecasts({ truth: [10, NaN], forecast: [11, 999] });
    expect(errors).toMatchObject({ n: 1, mae: 1 });
  });

  it('makes every error null where a forecast is missing, so that nobody gains by not answering', () => {
    const errors = scoreForecasts({ truth: [10, 0], forecast: [10, NaN] });
    expect(errors).toMatchObject({ n: 2, mae: null, mape: null, wape: null });
  });

  it('gives null and no NaN without rows', () => {
    const errors = scoreForecasts({ truth: [], forecast: [] });
    expect(Object.values(errors).filter((value) => value !== null)).toEqual([0]);
  });

  it('takes the scale of a tract through its index', () => {
    const byTract = scoreForecasts({ truth: [1, 2], forecast: [3, 6], scaleErrors: [4, 2], tract: [1, 0] });
    expect(byTract.mase).toBe((2 / 2 + 4 / 4) / 2);
  });

  it('refuses columns of unequal length', () => {
    expect(() => scoreForecasts({ truth: [1], forecast: [1, 2] })).toThrow(RangeError);
    expect(() =>
      scoreForecasts({ truth: [1], forecast: [1], quantiles: [1], levels: [0.25, 0.5, 0.75] }),
    ).toThrow(RangeError);
  });
});

describe('the single errors', () => {
  it('leave truths of 0 out of MAPE, and have none where all are 0', () => {
    expect(mape({ truth: [0, 4], forecast: [9, 5] })).toBe(0.25);
    expect(mape({ truth: [0], forecast: [9] })).toBeNaN();
    expect(wape({ truth: [0], forecast: [9] })).toBeNaN();
  });

  it('leave tracts without a scale out of MASE', () => {
    expect(mase({ truth: [1, 1], forecast: [2, 5], scale: [0, 2] })).toBe(2);
  });

  it('have no R² where the truth never varies', () => {
    expect(r2({ truth: [3, 3], forecast: [3, 4] })).toBeNaN();
  });

  it('count the borders of the 90 % interval as covered', () => {
    const levels = [0.05, 0.5, 0.95];
    const quantiles = [1, 2, 3, 1, 2, 3, 1, 2, 3];
    expect(coverage([1, 3, 3.01], quantiles, levels, 0.9)).toBeCloseTo(2 / 3, 12);
    expect(() => coverage([1], [1, 2, 3], [0.1, 0.5, 0.9], 0.9)).toThrow(RangeError);
  });
});

describe('wis', () => {
  it('is Bracher’s formula, by hand', () => {
    // 50 % interval [8, 12], median 10, truth 15: IS = 4 + 4·3 = 16; (½·5 + ¼·16) / 1.5 = 6.5 / 1.5
    expect(wis([15], [8, 10, 12], [0.25, 0.5, 0.75])).toBeCloseTo(6.5 / 1.5, 12);
    // inside the interval only its width and the median count: (½·1 + ¼·4) / 1.5 = 1
    expect(wis([11], [8, 10, 12], [0.25, 0.5, 0.75])).toBeCloseTo(1, 12);
  });

  it('is MAE where there is only a median', () => {
    const numbers = fc.array(fc.tuple(fc.double(range), fc.double(range)), { minLength: 1 });
    fc.assert(
      fc.property(numbers, (pairs) => {
        const [y, m] = [pairs.map(([y]) => y), pairs.map(([, m]) => m)];
        expect(wis(y, m, [0.5])).toBeCloseTo(mae({ truth: y, forecast: m }), 6);
      }),
    );
  });

  it('is twice the mean pinball loss over the levels', () => {
    const levels = [0.05, 0.25, 0.5, 0.75, 0.95];
    fc.assert(
      fc.property(fc.double(range), fc.array(fc.double(range), { minLength: 5, maxLength: 5 }), (y, raw) => {
        const q = raw.toSorted((a, b) => a - b);
        const pinball = levels.map((level, k) => (y >= q[k] ? level * (y - q[k]) : (1 - level) * (q[k] - y)));
        expect(wis([y], q, levels)).toBeCloseTo((2 * pinball.reduce((a, b) => a + b)) / 5, 6);
      }),
    );
  });

  it('refuses levels that are not symmetric or lack the median', () => {
    expect(() => wis([1], [1, 2], [0.25, 0.75])).toThrow(RangeError);
    expect(() => wis([1], [1, 2, 3], [0.1, 0.5, 0.8])).toThrow(RangeError);
  });
});

describe('a change of units', () => {
  it('leaves WAPE, MAPE, MASE and R² alone and scales MAE, RMSE and WIS', () => {
    const rows = fc.array(fc.tuple(fc.double({ ...range, min: 1 }), fc.double({ ...range, min: 1 })), {
      minLength: 3,
    });
    fc.assert(
      fc.property(rows, fc.double({ min: 0.01, max: 100, noNaN: true }), (pairs, k) => {
        const score = (unit: number) =>
          scoreForecasts({
            truth: pairs.map(([y]) => y * unit),
            forecast: pairs.map(([, f]) => f * unit),
            quantiles: pairs.map(([, f]) => f * unit),
            levels: [0.5],
            scaleErrors: pairs.map(() => 3 * unit),
          });
        const [a, b] = [score(1), score(k)];
        for (const metric of ['wape', 'mape', 'mase'] as const) expect(b[metric]).toBeCloseTo(a[metric]!, 6);
        for (const metric of ['mae', 'rmse', 'wis'] as const)
          expect(b[metric]! / k).toBeCloseTo(a[metric]!, 6);
      }),
    );
  });
});

describe('seasonalScale', () => {
  it('is the mean step over a season of what was observed, up to the end of the sample', () => {
    // season 2: |3−1| = 2, |5−2| = 3 (its partner unobserved → left out), |9−3| = 6, beyond `until` → left out
    const scale = seasonalScale([1, 2, 3, 5, 9], [1, 0, 1, 1, 1], {
      tracts: 1,
      length: 5,
      season: 2,
      until: 3,
    });
    expect([...scale]).toEqual([2]);
    expect(seasonalScale([1, 2], [1, 1], { tracts: 1, length: 2, season: 2, until: 1 })[0]).toBeNaN();
  });
});

const range = { min: -1000, max: 1000, noNaN: true };
