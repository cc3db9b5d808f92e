import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { composedLayer, type LstmLayer, lstmLayer } from './fused-lstm.ts';
import type { LoadedTensorFlow } from './tensorflow.ts';

const SIZE = { time: 5, batch: 3, inputs: 4, units: 2 };

describe.each(['native', 'wasm'] as const)('the LSTM layer on %s', (wanted) => {
  let loaded: LoadedTensorFlow | null = null;
  let layer: LstmLayer;

  beforeAll(async () => {
    vi.resetModules();
    vi.stubEnv('PERENNIAL_TENSORFLOW', wanted);
    loaded = await (await import('./tensorflow.ts')).loadTensorFlow().catch(() => null);
    if (loaded) layer = lstmLayer(loaded.tf, loaded.backend);
    else console.warn('skipped: the native addon of @tensorflow/tfjs-node is not here');
  });
  afterAll(() => vi.unstubAllEnvs());

  it('equals the step-by-step definition', ({ skip }) => {
    if (!loaded) return skip();
    const { x, w, b } = numbers(1);
    const h = loaded.tf.tidy(() => layer(...tensors(loaded!, { x, w, b })).dataSync());
    expectClose(h, definition(x, w, b), 1e-5);
  });

  it('has the gradient that finite differences show', ({ skip }) => {
    if (!loaded) return skip();
    const at = numbers(2);
    const gradient = gradients(loaded, layer, at);
    const step = 1e-4;
    for (const name of ['x', 'w', 'b'] as const) {
      at[name].forEach((value, k) => {
        const moved = (by: number) => {
          const there = { ...at, [name]: at[name].map((v, j) => (j === k ? value + by : v)) };
          return weightedSum(definition(there.x, there.w, there.b));
        };
        const slope = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(gradient[name][k] - slope), `d/d${name}[${k}]`).toBeLessThan(2e-5);
      });
    }
  });

  it('has the same gradient as the layer composed of plain operations', ({ skip }) => {
    if (!loaded) return skip();
    const at = numbers(3);
    const own = gradients(loaded, layer, at);
    const composed = gradients(loaded, composedLayer(loaded.tf), at);
    for (const name of ['x', 'w', 'b'] as const) expectClose(own[name], composed[name], 1e-5);
  });

  it('leaves no tensor behind', ({ skip }) => {
    if (!loaded) return skip();
    const before = loaded.tf.memory().numTensors;
    for (let k = 0; k < 3; k++) gradients(loaded, layer, numbers(k));
    expect(loaded.tf.memory().numTensors).toBe(before);
  });
});

interface Numbers {
  x: Float64Array;
  w: Float64Array;
  b: Float64Array;
}

function numbers(seed: number): Numbers {
  const { time, batch, inputs, units } = SIZE;
  const generator = xoroshiro128plus(seed);
  const draw = (size: number) => Float64Array.from({ length: size }, () => 2 * uniformFloat64(generator) - 1);
  return { x: draw(time * batch * inputs), w: draw((inputs + units) * 4 * units), b: draw(4 * units) };
}

function tensors({ tf }: LoadedTensorFlow, { x, w, b }: Numbers): [Tensor3D, Tensor2D, Tensor1D] {
  const { time, batch, inputs, units } = SIZE;
  return [
    tf.tensor3d(Float32Array.from(x), [time, batch, inputs]),
    tf.tensor2d(Float32Array.from(w), [inputs + units, 4 * units]),
    tf.tensor1d(Float32Array.from(b)),
  ];
}

/** The loss of these tests: every output counts differently, all steps take part. */
const share = (k: number): number => Math.sin(k + 1);
const weightedSum = (h: Float64Array): number => h.reduce((sum, value, k) => sum + share(k) * value, 0);

function gradients(loaded: LoadedTensorFlow, layer: LstmLayer, at: Numbers) {
  const { tf } = loaded;
  return tf.tidy(() => {
    const loss = tf.valueAndGrads((...[x, w, b]) => {
      const h = layer(x as Tensor3D, w as Tensor2D, b as Tensor1D);
      const shares = tf.tensor(
        Float32Array.from({ length: h.size }, (_, k) => share(k)),
        h.shape,
      );
      return h.mul(shares).sum();
    });
    const [x, w, b] = loss(tensors(loaded, at)).grads.map((grad) => grad.dataSync());
    return { x, w, b };
  });
}

/** Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, one number at a time. */
function definition(x: Float64Array, w: Float64Array, b: Float64Array): Float64Array {
  const { time, batch, inputs, units } = SIZE;
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const out = new Float64Array(time * batch * units);
  for (let row = 0; row < batch; row++) {
    let h = new Array<number>(units).fill(0);
    let cell = new Array<number>(units).fill(0);
    for (let t = 0; t < time; t++) {
      const seen = [...x.subarray((t * batch + row) * inputs, (t * batch + row + 1) * inputs), ...h];
      const gate = (g: number, u: number) =>
        seen.reduce((sum, value, k) => sum + value * w[k * 4 * units + g * units + u], b[g * units + u]);
      cell = cell.map((c, u) => sigmoid(gate(1, u)) * c + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)));
      h = cell.map((c, u) => sigmoid(gate(3, u)) * Math.tanh(c));
      out.set(h, (t * batch + row) * units);
    }
  }
  return out;
}

function expectClose(seen: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(seen.length).toBe(expected.length);
  for (let k = 0; k < expected.length; k++)
    expect(Math.abs(seen[k] - expected[k]), `at ${k}`).toBeLessThan(tolerance);
}
