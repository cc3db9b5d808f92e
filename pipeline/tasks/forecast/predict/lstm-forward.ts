import { type LstmShape, leadWidth, stepWidth, type WeightName } from './lstm-shape.ts';

type Weights = Record<WeightName, Float32Array>;
type Numbers = Float32Array | Float64Array;

/** The forward pass of one LSTM layer from zero state, equal to the trained layer; gates in the order input, forget,
 *  candidate, output. Sums in float64, so that only the weights are rounded.
 *  @param x [time, batch, inputs]
 *  @param kernel [inputs + units, 4·units]
 *  @returns h after the last step, shape [batch × units] */
export function lstmForward(
  x: Numbers,
  { time, batch, inputs, units }: { time: number; batch: number; inputs: number; units: number },
  kernel: Numbers,
  bias: Numbers,
): Float64Array {
  const w = Float64Array.from(kernel);
  const out = new Float64Array(batch * units);
  const cell = new Float64Array(units);
  const gates = new Float64Array(4 * units);
  // One window after the other: kernel and state stay in the nearest cache.
  for (let row = 0; row < batch; row++) {
    const h = out.subarray(row * units, (row + 1) * units);
    cell.fill(0);
    for (let t = 0; t < time; t++) {
      gates.set(bias);
      const from = (t * batch + row) * inputs;
      for (let k = 0; k < inputs; k++) accumulate(gates, w, k * 4 * units, x[from + k]);
      for (let k = 0; k < units; k++) accumulate(gates, w, (inputs + k) * 4 * units, h[k]);
      for (let k = 0; k < units; k++) {
        const c = sigmoid(gates[units + k]) * cell[k] + sigmoid(gates[k]) * Math.tanh(gates[2 * units + k]);
        cell[k] = c;
        h[k] = sigmoid(gates[3 * units + k]) * Math.tanh(c);
      }
    }
  }
  return out;
}

/** From the last state and what is known of each lead to the network's answer.
 *  @param h [batch × units]
 *  @param leads [batch × maxLead × leadWidth]
 *  @returns correction of the base on the network's scale, shape [batch × maxLead] */
export function headForward(
  h: Numbers,
  leads: Numbers,
  batch: number,
  shape: LstmShape,
  weights: Weights,
): Float64Array {
  const { units, hidden, maxLead, season } = shape;
  const width = leadWidth(season);
  const out = new Float64Array(batch * maxLead);
  const shared = new Float64Array(hidden);
  const layer = new Float64Array(hidden);
  for (let row = 0; row < batch; row++) {
    shared.fill(0);
    for (let k = 0; k < units; k++) accumulate(shared, weights.fromState, k * hidden, h[row * units + k]);
    for (let lead = 0; lead < maxLead; lead++) {
      const from = (row * maxLead + lead) * width;
      for (let j = 0; j < hidden; j++) layer[j] = shared[j] + weights.leadBias[lead * hidden + j];
      let sum = weights.outBias[lead];
      for (let k = 0; k < width; k++) {
        accumulate(layer, weights.fromLead, k * hidden, leads[from + k]);
        sum += weights.direct[k] * leads[from + k];
      }
      for (let j = 0; j < hidden; j++) sum += Math.tanh(layer[j]) * weights.out[lead * hidden + j];
      out[row * maxLead + lead] = sum;
    }
  }
  return out;
}

/** @param x [lookback, batch, stepWidth]
 *  @param leads [batch × maxLead × leadWidth]
 *  @returns shape [batch × maxLead] */
export function networkForward(
  x: Numbers,
  leads: Numbers,
  batch: number,
  shape: LstmShape,
  weights: Weights,
): Float64Array {
  const sizes = { time: shape.lookback, batch, inputs: stepWidth(shape.season), units: shape.units };
  const h = lstmForward(x, sizes, weights.kernel, weights.bias);
  return headForward(h, leads, batch, shape, weights);
}

function accumulate(sums: Float64Array, matrix: Numbers, from: number, factor: number): void {
  if (factor === 0) return;
  for (let j = 0; j < sums.length; j++) sums[j] += factor * matrix[from + j];
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
