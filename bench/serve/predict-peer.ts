import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { pythonWith } from '../../test/servers/installed.ts';
import type { Server } from './load.ts';

const REQUIREMENTS = [
  'tensorflow-cpu==2.15.1',
  'keras==2.15.0',
  'fastapi==0.128.0',
  'uvicorn==0.40.0',
  'uvloop==0.22.1',
  'httptools==0.7.1',
];
/** TensorFlow takes its time. */
const START_MS = 180_000;

export const predictPython = () => pythonWith('bench-predict', REQUIREMENTS);

/** FastAPI and uvicorn with a network of the same sizes in Keras, in a process of its own.
 *  @param sizes lookback, width of a step, width of a lead, leads, units, hidden, networks
 *  @returns it, and which way of calling the model was the faster one */
export async function startPeer(sizes: number[]): Promise<Server & { called: string }> {
  const script = fileURLToPath(new URL('./predict_peer.py', import.meta.url));
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    await predictPython(),
    [script, JSON.stringify(sizes)],
    { stdio: ['pipe', 'pipe', process.env.BENCH_PEER_LOG ? 'inherit' : 'ignore'] },
  );
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  clearTimeout(late);
  if (first.done) throw new Error('FastAPI ended before it listened');
  const { port, called } = JSON.parse(first.value);
  return {
    port,
    called,
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
