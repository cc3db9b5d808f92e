import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { pythonWith } from '../test/servers/installed.ts';

const REQUIREMENTS = ['tensorflow-cpu==2.15.1', 'keras==2.15.0'];
const MINUTE = 60_000;

export interface KerasPeer {
  epoch(): Promise<{ seconds: number; loss: number }>;
  close(): void;
}

/** Keras with a network of its own in a Python process, ready to train an epoch at a time.
 *  @param sizes windows, steps, inputs, units, outputs, batch */
export async function kerasPeer(sizes: number[]): Promise<KerasPeer> {
  const interpreter = await pythonWith('bench-keras', REQUIREMENTS);
  const script = fileURLToPath(new URL('./keras_epochs.py', import.meta.url));
  const python = execa(interpreter, [script, JSON.stringify(sizes)], {
    buffer: false,
    stderr: 'ignore',
    timeout: 10 * MINUTE,
    reject: false,
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Keras ended early with exit code ${(await python).exitCode}`);
    return value;
  };
  await next();
  return {
    async epoch() {
      python.stdin.write('epoch\n');
      return JSON.parse(await next());
    },
    close: () => python.stdin.end(),
  };
}
