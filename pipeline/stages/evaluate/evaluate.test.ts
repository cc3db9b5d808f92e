import { describe, expect, it } from 'vitest';
import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import { PHASES } from '../../contracts/losses.ts';
import { commonRows, rowsLike } from './common-rows.ts';
import { phaseOf, phasesOf } from './phases.ts';
import { smoothed } from './smoothed.ts';

describe('commonRows', () => {
  it('keeps what all sides forecast, settled, from the first fair cutoff on, in one order', () => {
    const ours = table('ours', [
      [0, 5, 1, 10],
      [0, 6, 1, 11],
      [1, 6, 1, NaN],
      [1, 7, 2, 13],
    ]);
    const theirs = table('theirs', [
      [1, 7, 2, 13],
      [0, 6, 1, 11],
      [0, 5, 1, 10],
      [1, 6, 1, 12],
    ]);
    const [a, b] = commonRows([ours, theirs], 6);
    for (const side of [a, b]) {
      expect([...side.cutoff]).toEqual([6, 7]);
      expect([...side.tract]).toEqual([0, 1]);
      expect([...side.truth]).toEqual([11, 13]);
      // point = truth, first quantile = truth + 0: each row kept its own.
      expect([...side.point]).toEqual([11, 13]);
      expect(side.quantiles[LEVELS.length]).toBe(13);
    }
  });

  it('drops what one side lacks, and finds it again for mere candidates', () => {
    const all = table('all', [
      [0, 5, 1, 10],
      [0, 6, 1, 11],
    ]);
    const few = table('few', [[0, 6, 1, 11]]);
    expect(commonRows([all, few], 0)[0].tract).toHaveLength(1);
    expect([...rowsLike(all, few).cutoff]).toEqual([6]);
  });
});

describe('phases', () => {
  it('lie on both sides of a change of a tenth', () => {
    expect([phaseOf(100, 110), phaseOf(100, 110.1)]).toEqual(['plateau', 'growth']);
    expect([phaseOf(100, 90), phaseOf(100, 89.9)]).toEqual(['plateau', 'decline']);
    expect([phaseOf(0, 0), phaseOf(NaN, 5)]).toEqual(['plateau', 'plateau']);
  });

  it('compare the season that ends at the target with the one before', () => {
    // season 2: target index 3: (6 + 6) / 2 against (2 + 2) / 2
    const rows = { tract: [0, 0], cutoff: [2, 0], horizon: [1, 1] };
    const found = phasesOf(rows, { values: [2, 2, 6, 6], length: 4, season: 2 });
    expect([...found].map((phase) => PHASES[phase])).toEqual(['growth', 'plateau']);
  });
});

describe('smoothed', () => {
  const values = [1, 2, 3, 4, 5, 6];
  const rows = {
    tract: [0, 0],
    cutoff: [3, 3],
    horizon: [1, 2],
    truth: [5, 6],
    point: [8, 10],
  };

  it('is the mean of what was known and of the forecasts in between', () => {
    // season 3, target 5: truths 4, 5, 6; known 4, then forecasts 8 and 10
    const { truth, forecast } = smoothed(rows, { values, length: 6, season: 3, delay: 0 });
    expect([...truth]).toEqual([4, 5]);
    expect(forecast[0]).toBeCloseTo((3 + 4 + 8) / 3, 12);
    expect(forecast[1]).toBeCloseTo((4 + 8 + 10) / 3, 12);
  });

  it('does not look at what the portal had not published at the cutoff', () => {
    // delay 1: index 3 is unknown at cutoff 3 and taken from a season before, index 0
    const { forecast } = smoothed(rows, { values, length: 6, season: 3, delay: 1 });
    expect(forecast[1]).toBeCloseTo((1 + 8 + 10) / 3, 12);
  });

  it('does not score a mean with a horizon missing in between', () => {
    const gap = { tract: [0], cutoff: [3], horizon: [2], truth: [6], point: [10] };
    expect(smoothed(gap, { values, length: 6, season: 3, delay: 0 }).forecast[0]).toBeNaN();
  });
});

function table(
  model: string,
  rows: [tract: number, cutoff: number, horizon: number, truth: number][],
): ScoredForecasts {
  return {
    model,
    tract: Int32Array.from(rows, ([tract]) => tract),
    cutoff: Int32Array.from(rows, ([, cutoff]) => cutoff),
    horizon: Uint8Array.from(rows, ([, , horizon]) => horizon),
    truth: Float64Array.from(rows, ([, , , truth]) => truth),
    point: Float64Array.from(rows, ([, , , truth]) => truth),
    quantiles: Float64Array.from(rows.flatMap(([, , , truth]) => LEVELS.map((_, k) => truth + k))),
  };
}
