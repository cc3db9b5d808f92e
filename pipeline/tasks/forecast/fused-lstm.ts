import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Backend, TensorFlow } from './tensorflow.ts';

/** x [time, batch, inputs], w [inputs + units, 4·units], b [4·units] → h [time, batch, units].
 *  Gates in the order input, forget, candidate, output along the columns of w and b. */
export type LstmLayer = (x: Tensor3D, w: Tensor2D, b: Tensor1D) => Tensor3D;

/**
 * One LSTM layer, from zero state, with a gradient for x, w and b.
 * On the native backend the whole sequence is one kernel each way (`BlockLSTMV2`, `BlockLSTMGradV2`);
 * elsewhere it is composed of plain operations that tfjs differentiates.
 */
export function lstmLayer(tf: TensorFlow, backend: Backend): LstmLayer {
  return backend === 'native' ? fusedLayer(tf) : composedLayer(tf);
}

/** The same maths, a step at a time, on any backend. */
export function composedLayer(tf: TensorFlow): LstmLayer {
  return (x, w, b) =>
    tf.tidy(() => {
      const [time, batch, inputs] = x.shape;
      const units = w.shape[1] / 4;
      // What depends on x alone is one product for all steps; only h · w stays in the loop.
      const fromInput = tf
        .matMul(x.reshape([time * batch, inputs]) as Tensor2D, w.slice([0, 0], [inputs, -1]))
        .add(b)
        .reshape([time, batch, 4 * units]);
      const recurrent = w.slice([inputs, 0], [units, -1]);
      let h: Tensor2D = tf.zeros([batch, units]);
      let cell: Tensor2D = tf.zeros([batch, units]);
      const outputs = tf.unstack(fromInput).map((row) => {
        const [i, f, g, o] = tf.split(row.add(tf.matMul(h, recurrent)) as Tensor2D, 4, 1);
        cell = f.sigmoid().mul(cell).add(i.sigmoid().mul(g.tanh()));
        h = o.sigmoid().mul(cell.tanh());
        return h;
      });
      return tf.stack(outputs) as Tensor3D;
    });
}

/** The native backend runs any kernel of libtensorflow by name; tfjs has no public type for that. */
interface NativeBackend {
  binding: {
    TF_FLOAT: number;
    TF_INT64: number;
    TF_ATTR_TYPE: number;
    TF_ATTR_FLOAT: number;
    TF_ATTR_BOOL: number;
    createTensor(shape: number[], dtype: number, data: Int32Array): number;
    executeOp(name: string, attributes: unknown[], inputs: number[], outputs: number): unknown[];
  };
  getInputTensorIds(tensors: Tensor[]): number[];
  createOutputTensor(metadata: unknown): Tensor;
}

function fusedLayer(tf: TensorFlow): LstmLayer {
  const native = tf.backend() as unknown as NativeBackend;
  const { binding } = native;
  const gradientAttributes = [
    { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false },
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
  ];
  const attributes = [{ name: 'cell_clip', type: binding.TF_ATTR_FLOAT, value: 0 }, ...gradientAttributes];
  const execute = (name: string, attrs: unknown[], length: number, inputs: Tensor[], outputs: number) =>
    binding
      .executeOp(name, attrs, [lengthOf(length), ...native.getInputTensorIds(inputs)], outputs)
      .map((metadata) => native.createOutputTensor(metadata));

  // tfjs never frees an int64 scalar made for one call: one a sequence length is kept instead.
  const lengths = new Map<number, number>();
  const lengthOf = (length: number): number => {
    let id = lengths.get(length);
    if (id === undefined) {
      id = binding.createTensor([], binding.TF_INT64, Int32Array.of(length, 0));
      lengths.set(length, id);
    }
    return id;
  };

  const layer = tf.customGrad((...args) => {
    const [x, w, b] = args as Tensor[];
    const save = args[3] as unknown as (tensors: Tensor[]) => void;
    const [time, batch] = x.shape;
    const units = w.shape[1]! / 4;
    const state = tf.zeros([batch, units]);
    const peephole = tf.zeros([units]);
    const inputs = [x, state, state, w, peephole, peephole, peephole, b];
    const outputs = execute('BlockLSTMV2', attributes, time, inputs, 7);
    save([x, w, b, state, peephole, ...outputs]);
    const gradFunc = (dh: Tensor, saved: Tensor[]) => {
      const [x, w, b, state, peephole, ...outputs] = saved;
      const inputs = [x, state, state, w, peephole, peephole, peephole, b];
      const [dx, dc, dhPrev, dw, dwi, dwf, dwo, db] = execute(
        'BlockLSTMGradV2',
        gradientAttributes,
        time,
        [...inputs, ...outputs, tf.zerosLike(dh), dh],
        8,
      );
      tf.dispose([dc, dhPrev, dwi, dwf, dwo]);
      return [dx, dw, db];
    };
    return { value: outputs[6], gradFunc };
  });
  return (x, w, b) => layer(x, w, b) as Tensor3D;
}
