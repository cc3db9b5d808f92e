import { describe, expect, it } from 'vitest';
import { STEP_MS, type Step } from '../../../contracts/panel.ts';
import type { Known } from './fitted.ts';
import { baseAt, fromScale, lstmSeries, spreads, writeLeads, writeWindow } from './lstm-inputs.ts';
import { type LstmShape, leadWidth, stepWidth } from './lstm-shape.ts';

const SHAPE: LstmShape = {
  lookback: 3,
  season: 2,
  maxLead: 3,
  units: 1,
  hidden: 1,
  scale: 'count',
  annual: false,
  base: ['growth', 'growth', 'growth'],
};

describe('the steps of a window', () => {
  it('are the value against the level, its changes, what all tracts do, and a mask', () => {
    // counts e^x − 1 have the logarithms x; levels are logarithms of means over two steps
    const known = knownOf([[1, 2, 1, 3].map(Math.expm1), [1, 2, 1, 3].map(Math.expm1)], {
      observed: [1, 0, 1, 1],
    });
    const [step] = windowOf(known, { tract: 0, end: 3 }).slice(-1);
    const mean = (a: number, b: number) => Math.log((Math.exp(a) + Math.exp(b)) / 2);
    const expected = [
      3 - mean(1, 3), // against the level
      2 * (3 - 2), // to the season before, doubled
      2 * (3 - 2), // all tracts: they are alike
      2 * (mean(1, 3) - mean(1, 2)), // growth of the level
      2 * (3 - 1), // to the step before
      1,
    ];
    expected.forEach((value, k) => {
      expect(step[k]).toBeCloseTo(Math.min(4, value), 5);
    });
    expect(windowOf(known, { tract: 0, end: 3 })[0][5]).toBe(0); // the masked step
  });

  it('are zero before the series begins, mask and all', () => {
    const steps = windowOf(knownOf([[5, 6]]), { tract: 0, end: 1 });
    expect(steps[0].every((value) => value === 0)).toBe(true);
    expect(steps[1][5]).toBe(1);
  });

  it('stay finite and bounded whatever is in the series', () => {
    const known = knownOf([[0, 1e12, Number.NaN, -5, 0, 7]]);
    for (let end = 0; end < 6; end++) {
      for (const value of [...windowOf(known, { tract: 0, end }).flat(), ...leadsOf(known, end).flat()])
        expect(Math.abs(value)).toBeLessThanOrEqual(4);
    }
  });
});

describe('what is known of a lead', () => {
  it('tells holidays of the target day and the days before it in advance, Sundays left out', () => {
    // Easter Sunday, 2022-04-17, and Monday, the 18th, are holidays in Italy; a Sunday is closed anyway
    const known = knownOf([[10, 11, 12]], { start: '2022-04-14', country: 'IT' });
    const days = leadsOf(known, 2).map((lead) => lead.slice(7, 10)); // 17th, 18th, 19th
    expect(days).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  it('aligns the past with the place of the target in the season', () => {
    const known = knownOf([[1, 4, 1, 4].map(Math.expm1)]);
    const level = Math.log((Math.exp(1) + Math.exp(4)) / 2);
    const aligned = leadsOf(known, 3).map((lead) => lead[0]);
    [1, 4, 1].forEach((value, k) => {
      expect(aligned[k]).toBeCloseTo(value - level, 5);
    });
  });

  it('places a moment the same wherever the panel starts', () => {
    const phase = (start: string, length: number) =>
      leadsOf(knownOf([new Array(length).fill(5)], { start, season: 7 }), length - 1)[0].slice(22);
    expect(phase('2022-03-01', 20)).toEqual(phase('2022-03-11', 10));
    expect(phase('2022-03-01', 20)).not.toEqual(phase('2022-03-02', 20));
  });

  it('knows weekends of hourly series as days off', () => {
    // 2022-07-02 is a Saturday
    const known = knownOf([[1, 2]], { start: '2022-07-01T22:00:00Z', step: 'hour' });
    expect(leadsOf(known, 0)[0][7]).toBe(0); // 23:00 on Friday
    expect(leadsOf(known, 1)[0][7]).toBe(1); // midnight
  });
});

describe('the base and the scale', () => {
  it('takes the last value, the season before, or that with the growth of each season between', () => {
    const known = knownOf([[10, 20, 30, 60].map((v) => v - 1)]);
    const series = lstmSeries(known, SHAPE, Float64Array.of(1));
    const at = (lead: number, base: 'last' | 'seasonal' | 'growth') =>
      Math.exp(baseAt(series, { tract: 0, end: 3, lead, base }));
    expect(at(1, 'last')).toBeCloseTo(60, 6);
    expect(at(1, 'seasonal')).toBeCloseTo(30, 6);
    expect(at(2, 'seasonal')).toBeCloseTo(60, 6);
    // the mean of two steps went from 15 to 45
    expect(at(1, 'growth')).toBeCloseTo(90, 6);
    expect(at(3, 'growth')).toBeCloseTo(270, 6);
  });

  it('lets the level stand in for a season that is not there yet', () => {
    const series = lstmSeries(knownOf([[9]]), SHAPE, Float64Array.of(1));
    expect(Math.exp(baseAt(series, { tract: 0, end: 0, lead: 1, base: 'seasonal' }))).toBeCloseTo(10, 6);
  });

  it('comes back to counts that are never negative, and to reals of any sign', () => {
    const counts = lstmSeries(knownOf([[9]]), SHAPE, Float64Array.of(1));
    expect(fromScale(counts, 0, Math.log(10))).toBeCloseTo(9, 9);
    expect(fromScale(counts, 0, -3)).toBe(0);
    const reals = lstmSeries(
      knownOf([[9]], { scale: 'real' }),
      { ...SHAPE, scale: 'real' },
      Float64Array.of(2),
    );
    expect(fromScale(reals, 0, -3)).toBe(-6);
  });

  it('measures the spread of reals by their seasonal differences, observed ones only', () => {
    const known = knownOf([[1, 10, 4, 12, 99, 14]], { scale: 'real', observed: [1, 1, 1, 1, 0, 1] });
    // |4−1|, |12−10|, |14−12|
    expect(spreads(known, { season: 2, scale: 'real' })[0]).toBeCloseTo(7 / 3, 9);
    expect(spreads(knownOf([[5, 5, 5]]), { season: 2, scale: 'real' })[0]).toBe(1);
  });
});

interface Options {
  start?: string;
  step?: Step;
  season?: number;
  country?: string;
  scale?: 'count' | 'real';
  observed?: number[];
}

function knownOf(rows: number[][], options: Options = {}): Known & { season: number } {
  const { start = '2022-01-03', step = 'day', country, scale = 'count', observed, season = 2 } = options;
  const length = rows[0].length;
  const values = Float64Array.from(rows.flat());
  const seen = Uint8Array.from(rows.flatMap((row) => observed ?? row.map(() => 1)));
  const tracts = rows.map((_, k) => ({ id: `${k}`, name: `${k}`, country }));
  const panel = { step, start: Date.parse(start), stepMs: STEP_MS[step], length, tracts, scale, delay: 0 };
  return {
    panel: { ...panel, target: 'new_cases', values, observed: seen },
    values,
    observed: seen,
    cutoff: length - 1,
    last: length - 1,
    season,
  };
}

function windowOf(known: Known, window: { tract: number; end: number }): number[][] {
  const series = lstmSeries(known, SHAPE, new Float64Array(known.panel.tracts.length).fill(1));
  const width = stepWidth(SHAPE.season);
  const out = new Float32Array(SHAPE.lookback * width);
  writeWindow(series, window, out, { at: 0, stride: width });
  return rowsOf(out, width);
}

function leadsOf(known: Known & { season: number }, end: number): number[][] {
  const shape = { ...SHAPE, season: known.season };
  const width = leadWidth(shape.season);
  const out = new Float32Array(shape.maxLead * width);
  writeLeads(lstmSeries(known, shape, Float64Array.of(1)), { tract: 0, end }, out, 0);
  return rowsOf(out, width);
}

function rowsOf(flat: Float32Array, width: number): number[][] {
  return Array.from({ length: flat.length / width }, (_, k) => [
    ...flat.subarray(k * width, (k + 1) * width),
  ]);
}
