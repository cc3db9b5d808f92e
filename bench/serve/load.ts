import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import autocannon from 'autocannon';
import { REPOSITORY } from '../../pipeline/workspace.ts';

const START_MS = 60_000;

export interface Server {
  port: number;
  close(): Promise<void>;
}

/** A server in a process of its own, which says its port on a line and ends with its input.
 *  @param file below the repository */
export async function startServer(file: string, ...args: string[]): Promise<Server> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    ['--import', 'tsx', file, ...args],
    { cwd: REPOSITORY, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  clearTimeout(late);
  if (first.done) throw new Error(`${file} ${args.join(' ')} ended before it listened`);
  return {
    port: Number(first.value),
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

export interface Loaded {
  requests: number;
  requestsPerSecond: number;
  /** Milliseconds. */
  p99: number;
  failed: number;
}

/** Asks one address after the other over connections that stay open.
 *  @param options.until ends it before its time */
export async function load(
  port: number,
  paths: string[],
  { seconds, connections, until }: { seconds: number; connections: number; until?: Promise<unknown> },
): Promise<Loaded> {
  const times: number[] = [];
  // What it returns is both, its types tell of one.
  const instance = autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: seconds,
    requests: paths.map((path) => ({ method: 'GET' as const, path })),
  }) as unknown as autocannon.Instance & Promise<autocannon.Result>;
  void until?.then(() => instance.stop());
  // Its own histogram knows whole milliseconds.
  instance.on('response', (_client, _status, _bytes, ms) => times.push(ms));
  const { non2xx, errors, timeouts, duration } = await instance;
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    requestsPerSecond: times.length / duration,
    p99: times[Math.floor(times.length * 0.99)],
    failed: non2xx + errors + timeouts,
  };
}
