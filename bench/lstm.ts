import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { adam } from '../pipeline/tasks/forecast/adam.ts';
import { lstmLayer } from '../pipeline/tasks/forecast/fused-lstm.ts';
import { type LoadedTensorFlow, loadTensorFlow } from '../pipeline/tasks/forecast/tensorflow.ts';
import { kerasPeer } from './keras.ts';
import type { BenchTable } from './table.ts';

const SIZES = { windows: 3000, steps: 28, inputs: 6, units: 32, outputs: 7, batch: 64 };
const PAIRS = 9;

/** An epoch of LSTM(32) and a dense layer, ours against Keras, in turns. */
export async function run(): Promise<BenchTable> {
  const loaded = await loadTensorFlow();
  const own = trainer(loaded);
  const { windows, steps, inputs, units, outputs, batch } = SIZES;
  const keras = await kerasPeer([windows, steps, inputs, units, outputs, batch]);
  const ours: number[] = [];
  const theirs: number[] = [];
  let losses = { own: own.epoch(), keras: 0 }; // also warms up
  try {
    for (let pair = 0; pair < PAIRS; pair++) {
      // Who goes first changes: a neighbour's burst of load must not always hit the same one.
      const turn = [
        async () => {
          const start = performance.now();
          losses = { ...losses, own: own.epoch() };
          ours.push((performance.now() - start) / 1000);
        },
        async () => {
          const { seconds, loss } = await keras.epoch();
          losses = { ...losses, keras: loss };
          theirs.push(seconds);
        },
      ];
      for (const go of pair % 2 === 0 ? turn : turn.reverse()) await go();
    }
  } finally {
    keras.close();
  }
  const ratio = median(ours.map((seconds, pair) => seconds / theirs[pair]));
  return {
    title: 'LSTM training: one epoch',
    columns: ['implementation', 'median s', 'fastest s', 'loss at the end', 'ratio to Keras'],
    rows: [
      [`perennial (${loaded.backend})`, ...times(ours), losses.own.toFixed(4), ratio.toFixed(2)],
      ['Keras 2.15 (tensorflow-cpu 2.15.1)', ...times(theirs), losses.keras.toFixed(4), '1.00'],
    ],
    notes: [
      `LSTM(${units}) and Dense(${outputs}), ${windows} windows of ${steps}×${inputs}, batch ${batch}, Adam, mean squared error; ${PAIRS} alternating pairs after a warm-up epoch each, the ratio is the median of the pairs' ratios.`,
      'Same machine and cores: Keras takes its default threads, perennial keeps TensorFlow to one.',
    ],
  };
}

function trainer({ tf, backend }: LoadedTensorFlow) {
  const { windows, steps, inputs, units, outputs, batch } = SIZES;
  const layer = lstmLayer(tf, backend);
  const generator = xoroshiro128plus(1);
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - uniformFloat64(generator))) *
    Math.cos(2 * Math.PI * uniformFloat64(generator));
  const x = Float32Array.from({ length: windows * steps * inputs }, normal);
  const target = Float32Array.from({ length: windows }, (_, row) => {
    let sum = 0;
    for (let t = steps - 7; t < steps; t++) sum += x[(row * steps + t) * inputs];
    return sum / 7;
  });
  const shapes = [[inputs + units, 4 * units], [4 * units], [units, outputs], [outputs]];
  const sizes = shapes.map((shape) => shape.reduce((product, n) => product * n, 1));
  const weights = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  for (let k = 0; k < weights.length; k++) weights[k] = 0.2 * (2 * uniformFloat64(generator) - 1);
  const gradient = new Float32Array(weights.length);
  const optimiser = adam(weights.length, { weightDecay: 0, clipNorm: 1e9, averageDecay: 0.98 });

  return {
    epoch(): number {
      const order = shuffled(windows);
      let loss = 0;
      for (let from = 0; from < windows; from += batch) {
        const rows = order.subarray(from, Math.min(windows, from + batch));
        loss += step(rows) * rows.length;
      }
      return loss / windows;
    },
  };

  function step(rows: Int32Array): number {
    const size = rows.length;
    const bx = new Float32Array(steps * size * inputs);
    const by = new Float32Array(size * outputs);
    rows.forEach((row, k) => {
      for (let t = 0; t < steps; t++) {
        const at = (row * steps + t) * inputs;
        bx.set(x.subarray(at, at + inputs), (t * size + k) * inputs);
      }
      by.fill(target[row], k * outputs, (k + 1) * outputs);
    });
    const loss = tf.tidy(() => {
      let at = 0;
      const tensors = shapes.map((shape, k) => {
        at += sizes[k];
        return tf.tensor(weights.slice(at - sizes[k], at), shape);
      });
      const input = tf.tensor3d(bx, [steps, size, inputs]);
      const truth = tf.tensor2d(by, [size, outputs]);
      const { value, grads } = tf.valueAndGrads((...[kernel, bias, dense, denseBias]) => {
        const states = layer(input, kernel as Tensor2D, bias as Tensor1D);
        const last: Tensor2D = states.slice([steps - 1, 0, 0], [1, size, units]).reshape([size, units]);
        return tf
          .matMul(last, dense as Tensor2D)
          .add(denseBias)
          .sub(truth)
          .square()
          .mean();
      })(tensors);
      at = 0;
      for (const grad of grads) {
        gradient.set(grad.dataSync(), at);
        at += grad.size;
      }
      return value.dataSync()[0];
    });
    optimiser.step(weights, gradient, 1e-3);
    return loss;
  }

  function shuffled(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, k) => k);
    for (let k = count - 1; k > 0; k--) {
      const other = uniformInt(generator, 0, k);
      [order[k], order[other]] = [order[other], order[k]];
    }
    return order;
  }
}

const times = (seconds: number[]): string[] => [median(seconds).toFixed(3), Math.min(...seconds).toFixed(3)];

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
