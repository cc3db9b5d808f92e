import { describe, expect, it } from 'vitest';
import { CorruptError } from '../../../contracts/errors.ts';
import type { TargetPanel } from '../../../contracts/panel.ts';
import { knownAt } from './known.ts';
import { type LstmState, loadLstm, lstmFitted } from './lstm-fitted.ts';
import { type LstmShape, leadWidth, weightCount } from './lstm-shape.ts';

const SHAPE: LstmShape = {
  lookback: 14,
  season: 7,
  maxLead: 8,
  units: 3,
  hidden: 2,
  scale: 'count',
  annual: false,
  base: new Array<'seasonal'>(8).fill('seasonal'),
};
const state = (fill: (k: number) => number, shape = SHAPE): LstmState => ({
  shape,
  networks: [Float32Array.from({ length: weightCount(shape) }, (_, k) => fill(k))],
  spread: {},
});

describe('a fitted LSTM', () => {
  it('forecasts its base while its weights are zero', () => {
    const panel = series((t) => 10 * t);
    const forecast = lstmFitted(state(() => 0)).forecast(knownAt(panel, 60));
    // The same weekday of the last week seen; the eighth lead goes two weeks back.
    expect([...forecast].map(Math.round)).toEqual([540, 550, 560, 570, 580, 590, 600, 540]);
  });

  it('reads nothing before its last few seasons and nothing after the cutoff', () => {
    const fitted = lstmFitted(state((k) => Math.sin(k)));
    const panel = series((t) => 100 + 50 * Math.sin(t));
    const before = fitted.forecast(knownAt(panel, 90));
    const changed = series((t) => (t < 40 || t > 90 ? 7 : 100 + 50 * Math.sin(t)));
    expect(fitted.forecast(knownAt(changed, 90))).toEqual(before);
    const shorter = series((t) => 100 + 50 * Math.sin(t + 40), { start: '2022-02-10', length: 51 });
    expect(fitted.forecast(knownAt(shorter, 50))).toEqual(before);
  });

  it('is the mean of its networks', () => {
    const known = knownAt(
      series((t) => 100 + t),
      90,
    );
    const [a, b] = [state((k) => 0.1 * Math.sin(k)), state((k) => 0.1 * Math.cos(k))];
    const both = lstmFitted({ ...a, networks: [...a.networks, ...b.networks] }).forecast(known);
    const [alone, other] = [lstmFitted(a).forecast(known), lstmFitted(b).forecast(known)];
    // Corrections are averaged on the logarithm's scale: 1 + the count is the geometric mean.
    both.forEach((value, k) => {
      expect(1 + value).toBeCloseTo(Math.sqrt((1 + alone[k]) * (1 + other[k])), 6);
    });
  });

  it('never forecasts a negative count', () => {
    const at = weightCount(SHAPE) - leadWidth(SHAPE.season) - SHAPE.maxLead; // outBias
    const fitted = lstmFitted(state((k) => (k >= at && k < at + SHAPE.maxLead ? -5 : 0)));
    for (const value of fitted.forecast(
      knownAt(
        series(() => 3),
        90,
      ),
    ))
      expect(value).toBe(0);
  });

  it('comes back whole from its files', () => {
    const known = knownAt(
      series((t) => 100 + t),
      90,
    );
    const fitted = lstmFitted(state((k) => Math.fround(Math.sin(k))));
    const files = fitted.files();
    expect([...files.keys()]).toEqual(['lstm/shape.json', 'lstm/weights.f32']);
    expect(files.get('lstm/weights.f32')).toHaveLength(4 * weightCount(SHAPE));
    const loaded = loadLstm(files);
    expect(loaded.forecast(known)).toEqual(fitted.forecast(known));
    expect(loaded.files()).toEqual(files);
  });

  it.each([
    ['no header', 'lstm/shape.json', () => undefined],
    ['a header cut off', 'lstm/shape.json', (bytes: Uint8Array) => bytes.subarray(0, 30)],
    ['a header of another shape', 'lstm/shape.json', replace('"units": 3', '"units": 4')],
    ['fewer bases than leads', 'lstm/shape.json', replace('"maxLead": 8', '"maxLead": 9')],
    ['weights cut off', 'lstm/weights.f32', (bytes: Uint8Array) => bytes.subarray(4)],
    ['a weight too many', 'lstm/weights.f32', (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(4)])],
    ['a weight that is no number', 'lstm/weights.f32', (bytes: Uint8Array) => bytes.slice().fill(0xff, 0, 4)],
  ] as const)('refuses %s', (_, path, damage) => {
    const files = lstmFitted(state(() => 0.5)).files();
    const bytes = damage(files.get(path)!);
    if (bytes) files.set(path, bytes);
    else files.delete(path);
    expect(() => loadLstm(files)).toThrow(CorruptError);
  });
});

function replace(from: string, to: string) {
  return (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString().replace(from, to));
}

function series(
  at: (t: number) => number,
  { start = '2022-01-01', length = 120 }: { start?: string; length?: number } = {},
): TargetPanel {
  return {
    step: 'day',
    start: Date.parse(start),
    stepMs: 86_400_000,
    length,
    tracts: [{ id: 'a', name: 'A', country: 'IT' }],
    target: 'new_cases',
    scale: 'count',
    values: Float64Array.from({ length }, (_, t) => at(t)),
    observed: new Uint8Array(length).fill(1),
    delay: 0,
  };
}
