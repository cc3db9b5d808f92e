// The service as a process of its own, from a released folder: as in the image.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { writeArchives } from '../pipeline/commands/release/released-folder.ts';
import { Released } from '../pipeline/contracts/released.ts';
import { writeJson } from '../pipeline/files.ts';
import { freePort } from '../test/servers/free-port.ts';
import { MODEL, type Sample } from './sample-service.testing.ts';

/** @returns path of `released.json` */
export async function releaseInto(folder: string, sample: Sample): Promise<string> {
  const { version, files, pack } = sample;
  const document = join(folder, 'released.json');
  await writeJson(document, Released, {
    format: 1,
    released_at: version.registered_at,
    commit: version.commit,
    tag: 'v1.0.0',
    image: null,
    models: { [MODEL]: await writeArchives(folder, { version, files, pack }) },
  });
  return document;
}

export interface ServiceProcess {
  url: string;
  pid: number;
  /** From the start of the process to the first 200 of /health/ready. */
  readyMs: number;
  /** With the exit code. */
  ended: Promise<number | undefined>;
  terminate(): void;
  kill(): void;
}

const READY_LIMIT_MS = 60_000;
const FROM_SOURCES = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'main.ts')];

/** Nothing of our own environment reaches it.
 *  @param baked path of `released.json`
 *  @param command program and arguments
 *  @returns once it is ready
 *  @throws Error with its output where it is not within a minute */
export async function startServiceProcess(
  baked: string,
  env: Record<string, string> = {},
  [program, ...args]: string[] = FROM_SOURCES,
): Promise<ServiceProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = execa(program, args, {
    env: { PORT: String(port), PERENNIAL_BAKED: baked, PERENNIAL_FOLLOW: 'off', LOG_LEVEL: 'warn', ...env },
    extendEnv: false,
    cwd: import.meta.dirname,
    reject: false,
    all: true,
    cleanup: true,
  });
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the service ended with ${child.exitCode ?? child.signalCode}:\n${(await child).all}`);
    if (performance.now() - started > READY_LIMIT_MS) {
      child.kill('SIGKILL');
      throw new Error(`the service was not ready in ${READY_LIMIT_MS} ms:\n${(await child).all}`);
    }
    await wait(5);
  }
  return {
    url,
    pid: child.pid as number,
    readyMs: performance.now() - started,
    ended: child.then(({ exitCode }) => exitCode),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Whether it may be sent requests. */
export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}
