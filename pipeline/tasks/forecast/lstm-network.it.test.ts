import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LstmBatch, type LstmNetwork, lstmNetwork } from './lstm-network.ts';
import { networkForward } from './predict/lstm-forward.ts';
import { type LstmShape, leadWidth, stepWidth, weightCount, weightViews } from './predict/lstm-shape.ts';
import type { LoadedTensorFlow } from './tensorflow.ts';

const SHAPE: LstmShape = {
  lookback: 28,
  season: 7,
  maxLead: 7,
  units: 32,
  hidden: 32,
  scale: 'count',
  annual: false,
  base: new Array<'growth'>(7).fill('growth'),
};
const SIZE = 16;
const HUBER = 0.1;

describe.each(['native', 'wasm'] as const)('the trained network on %s', (wanted) => {
  let loaded: LoadedTensorFlow | null = null;
  let network: LstmNetwork;

  beforeAll(async () => {
    vi.resetModules();
    vi.stubEnv('PERENNIAL_TENSORFLOW', wanted);
    loaded = await (await import('./tensorflow.ts')).loadTensorFlow().catch(() => null);
    if (loaded) network = lstmNetwork(loaded, SHAPE, HUBER);
    else console.warn('skipped: the native addon of @tensorflow/tfjs-node is not here');
  });
  afterAll(() => vi.unstubAllEnvs());

  it('answers what the forward pass in TypeScript answers, to a millionth', ({ skip }) => {
    if (!loaded) return skip();
    const { weights, batch } = drawn(1);
    const trained = network.answer(weights, batch);
    const served = forward(weights, batch);
    expect(Math.max(...served.map(Math.abs))).toBeGreaterThan(0.3);
    expect(Math.max(...served.map((value, k) => Math.abs(value - trained[k])))).toBeLessThan(1e-6);
  });

  it('counts a miss by Huber’s loss, weighted, and leaves out what weighs nothing', ({ skip }) => {
    if (!loaded) return skip();
    const { weights, batch } = drawn(2);
    const answer = forward(weights, batch);
    let sum = 0;
    let total = 0;
    answer.forEach((value, k) => {
      const e = Math.abs(value - batch.target[k]);
      sum += batch.weight[k] * (e > HUBER ? e - HUBER / 2 : (e * e) / (2 * HUBER));
      total += batch.weight[k];
    });
    expect(network.loss(weights, batch)).toBeCloseTo(sum / total, 5);
    const absurd = { ...batch, target: batch.target.map((t, k) => (batch.weight[k] === 0 ? 1e3 : t)) };
    expect(network.loss(weights, absurd)).toBe(network.loss(weights, batch));
  });

  it('has the gradient that finite differences show, with dropout', ({ skip }) => {
    if (!loaded) return skip();
    const { weights, batch } = drawn(3);
    const gradient = new Float32Array(weights.length);
    const keep = new Float32Array(SIZE * SHAPE.units).fill(1);
    const loss = network.gradient(weights, batch, keep, gradient);
    expect(loss).toBeCloseTo(network.loss(weights, batch), 6);
    // Along the gradient itself, the loss rises by |g|² a unit.
    const squares = gradient.reduce((sum, g) => sum + g * g, 0);
    const along = (by: number) =>
      network.loss(
        weights.map((w, k) => w + by * gradient[k]),
        batch,
      );
    const step = 0.003 / Math.sqrt(squares);
    expect((along(step) - along(-step)) / (2 * step) / squares).toBeCloseTo(1, 1);
    // A state that is dropped teaches the recurrent part nothing.
    network.gradient(weights, batch, keep.fill(0), gradient);
    expect([...weightViews(SHAPE, gradient).kernel].every((g) => g === 0)).toBe(true);
  });
});

function forward(weights: Float32Array, batch: LstmBatch): Float64Array {
  const views = weightViews(SHAPE, Float64Array.from(weights));
  return networkForward(Float64Array.from(batch.x), Float64Array.from(batch.leads), SIZE, SHAPE, views);
}

function drawn(seed: number): { weights: Float32Array; batch: LstmBatch } {
  const generator = xoroshiro128plus(seed);
  const draw = (size: number, scale: number) =>
    Float32Array.from({ length: size }, () => scale * (2 * uniformFloat64(generator) - 1));
  const answers = SIZE * SHAPE.maxLead;
  return {
    weights: draw(weightCount(SHAPE), 0.2),
    batch: {
      size: SIZE,
      x: draw(SHAPE.lookback * SIZE * stepWidth(SHAPE.season), 1),
      leads: draw(answers * leadWidth(SHAPE.season), 1),
      target: draw(answers, 0.5),
      weight: draw(answers, 1).map((w) => Math.max(0, w)),
    },
  };
}
