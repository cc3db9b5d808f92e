import { describe, expect, it } from 'vitest';
import type { TargetPanel } from '../../contracts/panel.ts';
import { ModelParams } from '../../contracts/params.ts';
import { baselineCandidate } from './candidates.ts';
import { madePanel, wave } from './made-panel.testing.ts';
import { observe } from './observe.ts';
import { BASELINES } from './predict/baselines.ts';
import { readBundleJson } from './predict/bundle-json.ts';
import { loadForecaster } from './predict/load.ts';
import { loadServed } from './predict/served.ts';
import { type WarmUp, warmUpDifference } from './predict/warm-up.ts';
import { score } from './score.ts';
import { scoreBaselines } from './score-baselines.ts';
import { train } from './train.ts';
import { TREES, treesCandidate } from './trees.ts';
import { until } from './truth.ts';

const small = { boosting: { ...TREES.boosting, rounds: 40 }, maxRows: 10_000 };
const candidates = [
  ...BASELINES.map(baselineCandidate),
  treesCandidate('trees', small),
  treesCandidate('trees-level', { ...small, offset: 'level' }),
];
const params = ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] }, horizons: [1, 2, 3] });
const windows = { tune: [150, 169], select: [173, 192], calibrate: [196, 215], decide: [219, 246] } as const;

function windowsOf() {
  return structuredClone(windows) as unknown as Parameters<typeof train>[0]['windows'];
}

function fitted(panel: TargetPanel) {
  const notes: number[] = [];
  const request = {
    panel,
    params,
    windows: windowsOf(),
    onProgress: (share: number) => notes.push(share),
  };
  return train(request, candidates).then((result) => ({ result, notes }));
}

describe('train', () => {
  const whole = madePanel({ tracts: 4, length: 290, value: wave, country: 'IT' });
  const panel = until(whole, 249);

  it('leaves a bundle and one of the best baseline that answer the same after loading, and tables of every model over the decide window', async () => {
    const { result, notes } = await fitted(panel);
    expect(result.isBaseline).toBe(false);
    expect(result.trainEnd).toBe(249);
    expect(result.forecasts.map((table) => table.model).sort()).toEqual(
      ['blend', 'challenger', 'trees', 'trees-level', ...BASELINES].sort(),
    );
    for (const table of result.forecasts) {
      expect(table.tract.length).toBe(28 * 4 * 3);
      expect([Math.min(...table.cutoff), Math.max(...table.cutoff)]).toEqual([219, 246]);
      expect(table.quantiles.every(Number.isFinite)).toBe(true);
    }
    // Who was not there at the training makes the same of its baselines.
    const alone = await scoreBaselines({ panel, windows: windowsOf(), horizons: params.horizons });
    expect(alone).toEqual(result.forecasts.filter(({ model }) => BASELINES.some((name) => name === model)));
    expect(result.leaderboard.candidates[0].score).not.toBeNull();
    expect(notes.at(-1)).toBe(1);
    expect(notes.every((share, index) => index === 0 || share >= notes[index - 1] - 1e-9)).toBe(true);

    // What is chosen is fitted again at the end: those fits tell how they went, the rolling ones do not.
    const learners = result.candidate === 'blend' ? ['trees', 'trees-level'] : [result.candidate];
    for (const { name, points } of result.curves) {
      expect(learners).toContain(name.split('/')[0]);
      expect(points).toHaveLength(39);
      expect(points.at(-1)).toBeLessThan(points[0]!);
    }
    expect(result.curves.length).toBeGreaterThan(0);
    expect(Object.keys(result.fitSeconds).sort()).toEqual(['trees', 'trees-level', ...BASELINES].sort());

    const { fallback } = result;
    expect(BASELINES).toContain(fallback?.candidate);
    const baseline = loadForecaster(fallback!.files);
    expect(baseline.spec).toMatchObject({ candidate: fallback!.candidate, isBaseline: true });
    expect(warmUpDifference(baseline, readBundleJson<WarmUp>(fallback!.files, 'warm-up.json'))).toBe(0);

    const warmUp = readBundleJson<WarmUp>(result.files, 'warm-up.json');
    expect(warmUpDifference(loadForecaster(result.files), warmUp)).toBe(0);
    const served = loadServed(result.files);
    expect(served.request.fields[0]).toMatchObject({ categories: ['t0', 't1', 't2', 't3'] });
    expect(served.reference?.fields.values).toMatchObject({ n: 1000, missing: 0 });
    const other = { ...warmUp, point: warmUp.point.map((value) => value * 1.01 + 1) };
    expect(warmUpDifference(loadForecaster(result.files), other)).toBeGreaterThan(0.005);

    const scored = await score(result.files, whole, [255, 270]);
    expect(scored.tract.length).toBe(16 * 4 * 3);
    const error = scored.truth.reduce((sum, truth, row) => sum + Math.abs(truth - scored.point[row]), 0);
    expect(error / scored.truth.reduce((sum, truth) => sum + truth, 0)).toBeLessThan(0.15);

    const { files, forecasts } = observe(result.files, whole);
    expect([...files.keys()].sort()).toEqual([
      ...['forecasts.json', 'intervals.json', 'windows.f64.gz', 'windows.json'],
    ]);
    expect(forecasts).toHaveLength(4 * 3);
    expect(forecasts[0].time).toBe(new Date(whole.start + 290 * whole.stepMs).toISOString());
    for (const { low, point, high } of forecasts) expect(low <= point && point <= high).toBe(true);
  }, 60_000);

  it('weighs, chooses and calibrates on earlier windows alone: changing the decide window changes no choice', async () => {
    const turned = madePanel({
      tracts: 4,
      length: 290,
      country: 'IT',
      value: (tract, t) => (t > 221 ? 7 * wave(tract, 290 - t) : wave(tract, t)),
    });
    const { result: one } = await fitted(panel);
    const { result: two } = await fitted(until(turned, 249));
    expect(two.leaderboard.candidates.map(({ name, score }) => [name, score])).toEqual(
      one.leaderboard.candidates.map(({ name, score }) => [name, score]),
    );
    // the first cutoff of the decide window has seen none of it either
    const first = (result: typeof one) =>
      result.forecasts.map((table) =>
        Array.from(table.quantiles.filter((_, at) => table.cutoff[Math.floor(at / 9)] === 219)),
      );
    expect(first(two)).toEqual(first(one));
  }, 60_000);

  it('publishes the baseline where nothing beats it, and says so', async () => {
    const flat = madePanel({ tracts: 2, length: 250, value: (_, t) => [5, 9, 4, 8, 7, 3, 1][t % 7] });
    const { result } = await fitted(flat);
    expect(result.isBaseline).toBe(true);
    expect(BASELINES).toContain(result.candidate);
  }, 60_000);
});
