import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
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

  function lossOf(
    weights: Tensor[],
    batch: LstmBatch,
    mask: Tensor2D | null,
  ): Tensor<import('@tensorflow/tfjs').Rank.R0> {
    const [kernel, bias, fromState, fromLead, leadBias, out, outBias, direct] = weights;
    const { size } = batch;
    const x = tf.tensor3d(batch.x, [lookback, size, stepWidth(season)]);
    const states = layer(x as Tensor3D, kernel as Tensor2D, bias as Tensor1D);
    const last = states.slice([lookback - 1, 0, 0], [1, size, units]).reshape([size, units]) as Tensor2D;
    const state = mask ? last.mul(mask) : last;
    const leads = tf.tensor2d(batch.leads, [size * maxLead, leadWidth(season)]);
    const layerIn = tf
      .matMul(leads, fromLead as Tensor2D)
      .reshape([size, maxLead, hidden])
      .add(tf.matMul(state as Tensor2D, fromState as Tensor2D).expandDims(1))
      .add(leadBias);
    const answer = layerIn
      .tanh()
      .mul(out)
      .sum(2)
      .add(outBias)
      .add(tf.matMul(leads, direct.expandDims(1) as Tensor2D).reshape([size, maxLead]));
    const error = answer.sub(tf.tensor2d(batch.target, [size, maxLead])).abs();
    // Huber: |e| − δ/2 beyond δ, e²/2δ below: written without branches.
    const inner = error.minimum(huber);
    const losses = inner
      .square()
      .div(2 * huber)
      .add(error.sub(inner));
    const weight = tf.tensor2d(batch.weight, [size, maxLead]);
    return losses.mul(weight).sum().div(weight.sum().add(1e-6));
  }
}
