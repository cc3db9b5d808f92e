import { describe, expect, it } from 'vitest';
import { bestBases, type ExampleOptions, lstmExamples } from './lstm-examples.ts';
import type { Known } from './predict/fitted.ts';
import { lstmSeries } from './predict/lstm-inputs.ts';
import type { Base, LstmShape } from './predict/lstm-shape.ts';

const SHAPE: LstmShape = {
  lookback: 4,
  season: 2,
  maxLead: 2,
  units: 1,
  hidden: 1,
  scale: 'count',
  annual: false,
  base: ['last', 'last'],
};
const options: ExampleOptions = { from: 5, to: 28, until: 29, halfLife: 1e9, levelPower: 0 };

describe('the examples of the LSTM', () => {
  it('have the miss of the base as their target and no weight where nothing was observed', () => {
    const series = seriesOf([(t) => Math.expm1(0.1 * t)], { unobserved: [12] });
    const batch = lstmExamples(series, options).batch([
      { tract: 0, end: 9 },
      { tract: 0, end: 10 },
      { tract: 0, end: 28 },
    ]);
    // log1p grows by 0.1 a step; step 12 is masked; beyond step 29 nothing may be seen.
    expect([...batch.weight]).toEqual([1, 1, 1, 0, 1, 0]);
    const expected = [0.1, 0.2, 0.1, 0, 0.1, 0];
    batch.target.forEach((value, k) => {
      expect(value).toBeCloseTo(expected[k], 6);
    });
  });

  it('draw every window as often as another while nothing sets them apart', () => {
    const examples = lstmExamples(seriesOf([() => 5, () => 5]), options);
    expect(examples.count).toBe(48);
    const drawn = examples.draw(48, () => 0.5).map(({ tract, end }) => `${tract}:${end}`);
    expect(new Set(drawn).size).toBe(48);
  });

  it('prefer large tracts by the power of their level, and recent windows by the half-life', () => {
    const series = seriesOf([() => 99, () => 399]);
    const share = (wanted: Partial<ExampleOptions>, is: (end: number, tract: number) => boolean) => {
      const drawn = lstmExamples(series, { ...options, ...wanted }).draw(4000, () => 0.5);
      return drawn.filter(({ end, tract }) => is(end, tract)).length / 4000;
    };
    // (1 + 399)/(1 + 99) = 4 times the level
    expect(share({ levelPower: 1 }, (_, tract) => tract === 1)).toBeCloseTo(0.8, 2);
    expect(share({ levelPower: 0.5 }, (_, tract) => tract === 1)).toBeCloseTo(2 / 3, 2);
    // Two half-lives of 12 steps: the newer half weighs twice the older.
    expect(share({ halfLife: 12 }, (end) => end >= 17)).toBeCloseTo(2 / 3, 2);
  });
});

describe('bestBases', () => {
  it.each([
    ['last', (t: number) => (t % 7 < 4 ? 50 : 80)],
    ['seasonal', (t: number) => (t % 2 ? 20 : 900) * Math.exp(0.4 * Math.sin(t * t))],
    ['growth', (t: number) => Math.expm1(3 + 0.05 * t + (t % 2))],
  ] as [Base, (t: number) => number][])('finds that %s misses least', (expected, at) => {
    expect(bestBases(seriesOf([at]), { from: 6, to: 29 })[0]).toBe(expected);
  });
});

function seriesOf(tracts: ((t: number) => number)[], { unobserved = [] }: { unobserved?: number[] } = {}) {
  const length = 30;
  const values = Float64Array.from({ length: tracts.length * length }, (_, k) =>
    tracts[Math.floor(k / length)](k % length),
  );
  const observed = values.map((_, k) => (unobserved.includes(k % length) ? 0 : 1));
  const known: Known = {
    panel: {
      step: 'day',
      start: 0,
      stepMs: 86_400_000,
      length,
      tracts: tracts.map((_, k) => ({ id: `${k}`, name: `${k}` })),
      target: 'new_cases',
      scale: 'count',
      values,
      observed: Uint8Array.from(observed),
      delay: 0,
    },
    values,
    observed: Uint8Array.from(observed),
    cutoff: 29,
    last: 29,
  };
  return lstmSeries(known, SHAPE, new Float64Array(tracts.length).fill(1));
}
