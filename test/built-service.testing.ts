// The service as it runs in the image: built, without TypeScript, packages or params.yaml.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { REPOSITORY } from '../pipeline/workspace.ts';

const BUILD_LIMIT_MS = 3 * 60_000;
const READY_LIMIT_MS = 60_000;
const BUSY_LIMIT_MS = 60_000;

/** @returns path of what is started */
export async function buildService(folder: string): Promise<string> {
  await execa(process.execPath, ['--import', 'tsx', 'serve/build.ts', join(folder, 'dist')], {
    cwd: REPOSITORY,
    timeout: BUILD_LIMIT_MS,
  });
  return join(folder, 'dist', 'main.mjs');
}

export interface BuiltService {
  url: string;
  pid: number;
  /** From the start of the process to the first 200 of /health/ready. */
  readyMs: number;
  /** Resident memory, in megabytes, as the kernel counts it. */
  residentMb(): Promise<number>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** @param baked path of `released.json`
 *  @param node program and flags
 *  @throws Error with its output where it is not ready in a minute */
export async function startBuilt(
  main: string,
  {
    baked,
    node = [process.execPath],
    env = {},
  }: { baked: string; node?: string[]; env?: Record<string, string> },
): Promise<BuiltService> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [program, ...flags] = node;
  const started = performance.now();
  const child = spawn(program, [...flags, main], {
    env: { PORT: String(port), PERENNIAL_BAKED: baked, PERENNIAL_FOLLOW: 'off', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const said = () => Buffer.concat(output).toString('utf8').slice(-4000);
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}:\n${said()}`);
    if (performance.now() - started > READY_LIMIT_MS) {
      child.kill('SIGKILL');
      throw new Error(`the service was not ready in ${READY_LIMIT_MS} ms:\n${said()}`);
    }
    await wait(5);
  }
  const readyMs = performance.now() - started;
  return {
    url,
    pid: pidOf(child),
    readyMs,
    residentMb: () => residentMb(pidOf(child)),
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}

/** Asks again as long as the service says that it is too busy: other tests may keep the machine from it.
 *  @param path with its leading slash */
export async function ask(url: string, path: string, init: RequestInit = {}): Promise<Response> {
  for (const until = performance.now() + BUSY_LIMIT_MS; ; await wait(500)) {
    const answer = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(BUSY_LIMIT_MS) });
    if (answer.status !== 503 || performance.now() > until) return answer;
    await answer.arrayBuffer();
  }
}

const pidOf = (child: ChildProcess) => child.pid as number;

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
