import { type LstmShape, leadWidth, stepWidth, type WeightName } from './lstm-shape.ts';

/** Weights and inputs in float64: one kind of array keeps the inner loop fast, and sums exact. */
export type Weights = Record<WeightName, Float64Array>;

/** The forward pass of one LSTM layer from zero state, equal to the trained layer; gates in the order input, forget,
 *  candidate, output. Sums in float64, so that only the weights are rounded.
 *  @param x [time, batch, inputs]
 *  @param kernel [inputs + units, 4·units]
 *  @returns h after the last step, shape [batch × units] */
export function lstmForward(
  x: Float64Array,
  { time, batch, inputs, units }: { time: number; batch: number; inputs: number; units: number },
  kernel: Float64Array,
  bias: Float64Array,
): Float64Array {
  const out = new Float64Array(batch * units);
  const cell = new Float64Array(units);
  const gates = new Float64Array(4 * units);
  // One window after the other: kernel and state stay in the nearest cache.
  for (let row = 0; row < batch; row++) {
    const h = out.subarray(row * units, (row + 1) * units);
    cell.fill(0);
    for (let t = 0; t < time; t++) {
      gates.set(bias);
      accumulate(gates, {
        matrix: kernel,
        row: 0,
        vector: x,
        from: (t * batch + row) * inputs,
        count: inputs,
      });
      accumulate(gates, { matrix: kernel, row: inputs, vector: out, from: row * units, count: units });
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
  h: Float64Array,
  leads: Float64Array,
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
    accumulate(shared, { matrix: weights.fromState, row: 0, vector: h, from: row * units, count: units });
    for (let lead = 0; lead < maxLead; lead++) {
      const from = (row * maxLead + lead) * width;
      for (let j = 0; j < hidden; j++) layer[j] = shared[j] + weights.leadBias[lead * hidden + j];
      let sum = weights.outBias[lead];
      accumulate(layer, { matrix: weights.fromLead, row: 0, vector: leads, from, count: width });
      for (let k = 0; k < width; k++) sum += weights.direct[k] * leads[from + k];
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
  x: Float64Array,
  leads: Float64Array,
  batch: number,
  shape: LstmShape,
  weights: Weights,
): Float64Array {
  const sizes = { time: shape.lookback, batch, inputs: stepWidth(shape.season), units: shape.units };
  const h = lstmForward(x, sizes, weights.kernel, weights.bias);
  return headForward(h, leads, batch, shape, weights);
}

interface Product {
  /** [≥ row + count, sums.length] */
  matrix: Float64Array;
  /** First row of the matrix that takes part. */
  row: number;
  vector: Float64Array;
  /** First of the `count` numbers of the vector. */
  from: number;
  count: number;
}

/** sums += vector · matrix, four rows at a time: the sums are read and written a quarter as often. */
function accumulate(sums: Float64Array, { matrix, row, vector, from, count }: Product): void {
  const width = sums.length;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    const a = vector[from + k];
    const b = vector[from + k + 1];
    const c = vector[from + k + 2];
    const d = vector[from + k + 3];
    const at = (row + k) * width;
    for (let j = 0, m = at; j < width; j++, m++) {
      sums[j] +=
        a * matrix[m] + b * matrix[m + width] + c * matrix[m + 2 * width] + d * matrix[m + 3 * width];
    }
  }
  for (; k < count; k++) {
    const factor = vector[from + k];
    const at = (row + k) * width;
    for (let j = 0; j < width; j++) sums[j] += factor * matrix[at + j];
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
