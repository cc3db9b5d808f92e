import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it, vi } from 'vitest';
import { STEP_MS, type Step, type TargetPanel } from '../../contracts/panel.ts';
import type { Curve } from '../../contracts/train.ts';
import { DivergedError, lstmCandidate, TooShortError } from './lstm.ts';
import { LSTM_SETTINGS } from './lstm-settings.ts';
import type { Known } from './predict/fitted.ts';
import { knownAt } from './predict/known.ts';
import { loadTensorFlow } from './tensorflow.ts';

/** Small enough for a test, large enough to learn. */
const SMALL = { ...LSTM_SETTINGS, networks: 1, seasons: 2, units: 16, hidden: 16, batch: 32, lookEvery: 20 };
const quick = lstmCandidate({ ...SMALL, steps: 30, warmSteps: 10 });

describe('the LSTM', () => {
  it('beats the seasonal naive on a weekly pattern that grows', async () => {
    const panel = counts({ tracts: 6, length: 260 });
    const cutoff = 240;
    const learner = lstmCandidate({ ...SMALL, steps: 200 });
    const fitted = await learner.fit({ known: knownAt(panel, cutoff), maxLead: 7, seed: 1 });
    const forecast = fitted.forecast(knownAt(panel, cutoff));
    let own = 0;
    let naive = 0;
    for (let tract = 0; tract < 6; tract++) {
      for (let lead = 1; lead <= 7; lead++) {
        const at = tract * panel.length + cutoff + lead;
        own += Math.abs(forecast[tract * 7 + lead - 1] - panel.values[at]);
        naive += Math.abs(panel.values[at - 7] - panel.values[at]);
      }
    }
    expect(own).toBeLessThan(0.6 * naive);
  });

  it('gives the same weights for the same seed, bit for bit, and others for another', async () => {
    const known = knownAt(counts({ tracts: 3, length: 150 }), 149);
    const [a, b, c] = [1, 1, 2].map((seed) => quick.fit({ known, maxLead: 7, seed }));
    const bytes = (await a).files();
    expect((await b).files()).toEqual(bytes);
    expect((await c).files()).not.toEqual(bytes);
  });

  it('tells how each network learnt, the same for the same seed', async () => {
    const known = knownAt(counts({ tracts: 6, length: 260 }), 240);
    const two = lstmCandidate({ ...SMALL, networks: 2, steps: 120 });
    const heard = async () => {
      const curves: Curve[] = [];
      await two.fit({ known, maxLead: 7, seed: 1, onCurve: (curve) => curves.push(curve) });
      return curves;
    };
    const curves = await heard();
    expect(curves.map(({ name, every }) => [name, every])).toEqual([
      ['lstm-1/training-loss', 15],
      ['lstm-1/held-out-loss', 20],
      ['lstm-1/finishing-loss', 15],
      ['lstm-2/training-loss', 15],
      ['lstm-2/held-out-loss', 20],
      ['lstm-2/finishing-loss', 15],
    ]);
    // The last part begins where the one before was best: it has little left to fall.
    for (const { name, points } of curves)
      if (!name.endsWith('finishing-loss')) expect(points.at(-1)).toBeLessThan(points[0]!);
    expect(await heard()).toEqual(curves);
  });

  it('leaves as many tensors as it found', async () => {
    const { tf } = await loadTensorFlow();
    const known = knownAt(counts({ tracts: 2, length: 120 }), 119);
    const before = tf.memory().numTensors;
    await quick.fit({ known, maxLead: 7, seed: 1 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('never learns a masked step, whatever stands there', async () => {
    // knownAt fills what is not observed from the past: both panels are the same to the network.
    const clean = counts({ tracts: 3, length: 150 });
    const masked = { ...clean, observed: clean.observed.map((seen, k) => (k % 11 === 5 ? 0 : seen)) };
    const absurd = { ...masked, values: masked.values.map((v, k) => (masked.observed[k] ? v : 1e6)) };
    const fits = [masked, absurd].map((panel) =>
      quick.fit({ known: knownAt(panel, 149), maxLead: 7, seed: 1 }),
    );
    expect((await fits[1]).files()).toEqual((await fits[0]).files());
    // And where the fill itself is absurd, the targets leave it out: forecasts stay at the size of what was seen.
    const known = knownAt(masked, 149);
    const filled: Known = {
      ...known,
      values: known.values.map((v, k) => (known.observed[k] || k % 150 > 140 ? v : 5 * v)),
    };
    const forecast = (await quick.fit({ known: filled, maxLead: 7, seed: 1 })).forecast(known);
    expect(Math.max(...forecast)).toBeLessThan(3 * Math.max(...clean.values));
  });

  it('forecasts what it forecast before it was written and loaded', async () => {
    const known = knownAt(counts({ tracts: 2, length: 120 }), 119);
    const fitted = await quick.fit({ known, maxLead: 3, seed: 1 });
    expect(quick.load(fitted.files()).forecast(known)).toEqual(fitted.forecast(known));
  });

  it('goes on from an earlier fit with fewer steps', async () => {
    const panel = counts({ tracts: 3, length: 180 });
    const previous = await quick.fit({ known: knownAt(panel, 150), maxLead: 7, seed: 1 });
    const calls: number[] = [];
    const known = knownAt(panel, 179);
    const warm = await quick.fit({
      known,
      maxLead: 7,
      seed: 1,
      previous,
      onProgress: (share) => calls.push(share),
    });
    expect(calls.length).toBeLessThan(20); // 10 steps, a third more with the newest cutoffs; 39 anew
    expect(warm.files()).not.toEqual(previous.files());
    expect(calls.every((share, k) => k === 0 || share >= calls[k - 1])).toBe(true);
  });

  it('stops between two batches when it is told to', async () => {
    const known = knownAt(counts({ tracts: 3, length: 150 }), 149);
    const stop = new AbortController();
    const fitting = quick.fit({
      known,
      maxLead: 7,
      seed: 1,
      signal: stop.signal,
      onProgress: (share) => share > 0.2 && stop.abort(new Error('enough')),
    });
    await expect(fitting).rejects.toThrow('enough');
    const { tf } = await loadTensorFlow();
    expect(tf.memory().numTensors).toBe(0);
  });

  it('starts once more, slower, when a training diverges, then reports it', async () => {
    const known = knownAt(counts({ tracts: 2, length: 120 }), 119);
    const wild = lstmCandidate({ ...SMALL, rate: Number.NaN });
    const shares: number[] = [];
    const fitting = wild.fit({ known, maxLead: 7, seed: 1, onProgress: (share) => shares.push(share) });
    await expect(fitting).rejects.toThrow(DivergedError);
    expect(shares.filter((share) => share === 0)).toHaveLength(2);
  });

  it('says so when there is too little to learn from', async () => {
    const known = knownAt(counts({ tracts: 1, length: 12 }), 11);
    await expect(quick.fit({ known, maxLead: 7, seed: 1 })).rejects.toThrow(TooShortError);
  });

  it.each([
    { what: 'one tract of 60 days', step: 'day', tracts: 1, length: 60, season: 7, scale: 'count' },
    { what: 'thirty days of three tracts', step: 'day', tracts: 3, length: 30, season: 7, scale: 'count' },
    { what: 'hourly temperatures', step: 'hour', tracts: 2, length: 600, season: 24, scale: 'real' },
    { what: 'weekly admissions', step: 'week', tracts: 4, length: 130, season: 52, scale: 'count' },
    { what: 'months', step: 'month', tracts: 2, length: 90, season: 12, scale: 'count' },
  ] as const)('forecasts $what', async ({ step, tracts, length, season, scale }) => {
    const panel = counts({ tracts, length, step, season, scale });
    const known = knownAt(panel, length - 1);
    const forecast = (await quick.fit({ known, maxLead: 6, seed: 1 })).forecast(known);
    expect(forecast).toHaveLength(tracts * 6);
    const limit = 3 * Math.max(...panel.values.map(Math.abs));
    for (const value of forecast) expect(Math.abs(value)).toBeLessThan(limit);
    if (scale === 'count') for (const value of forecast) expect(value).toBeGreaterThanOrEqual(0);
  });

  it('answers a tract that it has never seen, and one that has been silent', async () => {
    const panel = counts({ tracts: 3, length: 150 });
    const fitted = await quick.fit({ known: knownAt(panel, 149), maxLead: 7, seed: 1 });
    const other = counts({ tracts: 4, length: 150 });
    other.observed.fill(0, 3 * 150, 4 * 150);
    expect([...fitted.forecast(knownAt(other, 149))].every(Number.isFinite)).toBe(true);
  });

  it('trains without the native addon to nearly the same forecasts', async () => {
    const known = knownAt(counts({ tracts: 3, length: 120 }), 119);
    const here = (await quick.fit({ known, maxLead: 7, seed: 1 })).forecast(known);
    vi.resetModules();
    vi.stubEnv('PERENNIAL_TENSORFLOW', 'wasm');
    const hidden = await import('./lstm.ts');
    const elsewhere = await hidden.lstmCandidate({ ...SMALL, steps: 30 }).fit({ known, maxLead: 7, seed: 1 });
    const there = elsewhere.forecast(known);
    vi.unstubAllEnvs();
    // Float32 sums in another order, thirty steps long: not the same bits.
    for (const [k, value] of here.entries())
      expect(Math.abs(there[k] - value)).toBeLessThan(0.05 * value + 1);
  });
});

interface Series {
  tracts: number;
  length: number;
  step?: Step;
  season?: number;
  scale?: 'count' | 'real';
}

/** Tracts of several sizes with a season and waves, noise of five per cent. */
function counts({ tracts, length, step = 'day', season = 7, scale = 'count' }: Series): TargetPanel {
  const generator = xoroshiro128plus(5);
  const values = Float64Array.from({ length: tracts * length }, (_, k) => {
    const tract = Math.floor(k / length);
    const t = k % length;
    const place = Math.sin((2 * Math.PI * t) / season);
    const noise = 1 + 0.1 * (uniformFloat64(generator) - 0.5);
    if (scale === 'real') return 10 + tract + 5 * place + noise;
    return Math.round(100 * (tract + 1) * (1 + 0.5 * place) * Math.exp(Math.sin(t / 20)) * noise);
  });
  return {
    step,
    start: Date.parse('2021-01-04T00:00:00Z'),
    stepMs: STEP_MS[step],
    length,
    tracts: Array.from({ length: tracts }, (_, k) => ({ id: `t${k}`, name: `T${k}`, country: 'IT' })),
    target: 'new_cases',
    scale,
    values,
    observed: new Uint8Array(tracts * length).fill(1),
    delay: 0,
  };
}
