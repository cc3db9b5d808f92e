import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

/** The part of TensorFlow.js that is used: the same for the native addon and for plain tfjs. */
export type TensorFlow = typeof import('@tensorflow/tfjs');
export type Backend = 'native' | 'wasm' | 'cpu';

export interface LoadedTensorFlow {
  tf: TensorFlow;
  backend: Backend;
}

let loading: Promise<LoadedTensorFlow> | undefined;
let said = false;

/**
 * TensorFlow, loaded where it is first used and only once: the native addon, else plain tfjs on wasm, else on JavaScript.
 * `PERENNIAL_TENSORFLOW=native|wasm` takes one of them by name; `wasm` also hides the addon from a machine that has it.
 * @param say told once in the life of the process which backend runs
 * @throws Error only if `PERENNIAL_TENSORFLOW=native` and the addon does not load
 */
export async function loadTensorFlow(say?: (line: string) => void): Promise<LoadedTensorFlow> {
  // A failed load is not kept: set-up may put the addon in place while the process lives.
  loading ??= load(process.env.PERENNIAL_TENSORFLOW).catch((error) => {
    loading = undefined;
    throw error;
  });
  const loaded = await loading;
  if (say && !said) {
    said = true;
    say(DESCRIPTIONS[loaded.backend]);
  }
  return loaded;
}

const DESCRIPTIONS: Record<Backend, string> = {
  native: 'TensorFlow: native addon',
  wasm: 'TensorFlow: no native addon here, the wasm backend of plain tfjs takes its place (training is slower)',
  cpu: 'TensorFlow: neither the native addon nor wasm loads here, plain JavaScript takes their place (training is much slower)',
};

async function load(wanted: string | undefined): Promise<LoadedTensorFlow> {
  if (wanted !== 'wasm') {
    try {
      return await loadNative();
    } catch (cause) {
      if (wanted === 'native') {
        throw new Error('PERENNIAL_TENSORFLOW=native, but the addon of @tensorflow/tfjs-node does not load', {
          cause,
        });
      }
    }
  }
  return loadPlain();
}

async function loadNative(): Promise<LoadedTensorFlow> {
  // libtensorflow greets on stderr unless told otherwise before it loads.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // The networks are small: a second thread gains nothing when the machine is free, waits in spin loops when it is
  // not (twice the time, measured), and one thread adds in one order: the same seed, the same bits.
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  process.env.OMP_NUM_THREADS ??= '1';
  const module = await import('@tensorflow/tfjs-node');
  const tf = (module.default ?? module) as unknown as TensorFlow;
  tf.enableProdMode();
  await tf.setBackend('tensorflow');
  return { tf, backend: 'native' };
}

async function loadPlain(): Promise<LoadedTensorFlow> {
  const module = await import('@tensorflow/tfjs');
  const tf = ((module as { default?: unknown }).default ?? module) as TensorFlow;
  // Production mode also silences the advice to install the addon that plain tfjs prints under Node.
  tf.enableProdMode();
  try {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(dirname(entry) + sep);
    if (await tf.setBackend('wasm')) return { tf, backend: 'wasm' };
  } catch {
    // Said through `say`: the caller is told which backend runs, not which one failed.
  }
  await tf.setBackend('cpu');
  return { tf, backend: 'cpu' };
}
