import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const REQUIREMENTS = ['tensorflow-cpu==2.15.1', 'keras==2.15.0'];
const VENV = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'perennial', 'bench-keras');
const STAMP = join(VENV, `${REQUIREMENTS.join('_')}.stamp`);
const MINUTE = 60_000;

export interface KerasPeer {
  epoch(): Promise<{ seconds: number; loss: number }>;
  close(): void;
}

/** Keras with a network of its own in a Python process, ready to train an epoch at a time.
 *  @param sizes windows, steps, inputs, units, outputs, batch */
export async function kerasPeer(sizes: number[]): Promise<KerasPeer> {
  await install();
  const script = fileURLToPath(new URL('./keras_epochs.py', import.meta.url));
  const python = execa(join(VENV, 'bin', 'python'), [script, JSON.stringify(sizes)], {
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

/** Made once for every clone; a half-made environment has no stamp and is made anew. */
async function install(): Promise<void> {
  if (existsSync(STAMP)) return;
  await rm(VENV, { recursive: true, force: true });
  await mkdir(join(VENV, '..'), { recursive: true });
  await execa('python3', ['-m', 'venv', VENV], { timeout: 2 * MINUTE });
  const bin = (name: string) => join(VENV, 'bin', name);
  await execa(bin('python'), ['-m', 'pip', 'install', '--quiet', 'uv'], { timeout: 5 * MINUTE });
  const pip = ['pip', 'install', '--quiet', '--python', bin('python'), ...REQUIREMENTS];
  await execa(bin('uv'), pip, { timeout: 15 * MINUTE });
  await writeFile(STAMP, '');
}
