import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { lstmLayer } from './fused-lstm.ts';
import { type LstmShape, leadWidth, stepWidth, weightShapes, weightViews } from './predict/lstm-shape.ts';
import type { LoadedTensorFlow } from './tensorflow.ts';

/** Windows and what should have been answered. */
export interface LstmBatch {
  size: number;
  /** [lookback, size, stepWidth] */
  x: Float32Array;
  /** [size × maxLead × leadWidth] */
  leads: Float32Array;
  /** Correction of the base on the network's scale, [size × maxLead]. */
  target: Float32Array;
  /** 0 = not observed, not learnt; [size × maxLead]. */
  weight: Float32Array;
}

export interface LstmNetwork {
  /** What `networkForward` answers too: corrections of the base, [size × maxLead]. */
  answer(weights: Float32Array, batch: LstmBatch): Float32Array;
  /** Weighted mean of the Huber losses, without dropout. */
  loss(weights: Float32Array, batch: LstmBatch): number;
  /** @param keep multipliers of the last state, shape [size × units]: dropout, drawn by the caller
   *  @returns the loss, and writes its gradient */
  gradient(weights: Float32Array, batch: LstmBatch, keep: Float32Array, gradient: Float32Array): number;
}

/** The training side of `predict/lstm-forward.ts`: the same maths with gradients. Leaves no tensor behind. */
export function lstmNetwork({ tf, backend }: LoadedTensorFlow, shape: LstmShape, huber: number): LstmNetwork {
  const layer = lstmLayer(tf, backend);
  const { lookback, units, hidden, maxLead, season } = shape;
  const shapes = weightShapes(shape);

  return {
    answer: (weights, batch) =>
      tf.tidy(() => answerOf(toTensors(weights), batch, null).dataSync() as Float32Array),
    loss: (weights, batch) => tf.tidy(() => lossOf(toTensors(weights), batch, null).dataSync()[0]),
    gradient(weights, batch, keep, gradient) {
      return tf.tidy(() => {
        const tensors = toTensors(weights);
        const mask = tf.tensor2d(keep, [batch.size, units]);
        const { value, grads } = tf.valueAndGrads((...args: Tensor[]) => lossOf(args, batch, mask))(tensors);
        let at = 0;
        for (const grad of grads) {
          gradient.set(grad.dataSync(), at);
          at += grad.size;
        }
        return value.dataSync()[0];
      });
    },
  };

  function toTensors(flat: Float32Array): Tensor[] {
    const views = weightViews(shape, flat);
    // Copies: the backend may read the array after the optimiser has changed it.
    return shapes.map(({ name, shape: dimensions }) => tf.tensor(views[name].slice(), [...dimensions]));
  }

  function answerOf(weights: Tensor[], batch: LstmBatch, mask: Tensor2D | null): Tensor {
    const [kernel, bias, fromState, fromLead, leadBias, out, outBias, direct] = weights;
    const { size } = batch;
    const x = tf.tensor3d(batch.x, [lookback, size, stepWidth(season)]);
    const states = layer(x, kernel as Tensor2D, bias as Tensor1D);
    const last: Tensor2D = states.slice([lookback - 1, 0, 0], [1, size, units]).reshape([size, units]);
    const state: Tensor2D = mask ? last.mul(mask) : last;
    const leads = tf.tensor2d(batch.leads, [size * maxLead, leadWidth(season)]);
    return tf
      .matMul(leads, fromLead as Tensor2D)
      .reshape([size, maxLead, hidden])
      .add(tf.matMul(state, fromState as Tensor2D).expandDims(1))
      .add(leadBias)
      .tanh()
      .mul(out)
      .sum(2)
      .add(outBias)
      .add(tf.matMul(leads, direct.expandDims(1) as Tensor2D).reshape([size, maxLead]));
  }

  function lossOf(weights: Tensor[], batch: LstmBatch, mask: Tensor2D | null): Scalar {
    const shape: [number, number] = [batch.size, maxLead];
    const error = answerOf(weights, batch, mask).sub(tf.tensor2d(batch.target, shape)).abs();
    // Huber: |e| − δ/2 beyond δ, e²/2δ below: written without branches.
    const inner = error.minimum(huber);
    const losses = inner
      .square()
      .div(2 * huber)
      .add(error.sub(inner));
    const weight = tf.tensor2d(batch.weight, shape);
    return losses.mul(weight).sum().div(weight.sum().add(1e-6));
  }
}
