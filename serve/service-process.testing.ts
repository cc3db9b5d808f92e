// The service as a process of its own, from a released folder: as in the image.
import { join } from 'node:path';
import { execa } from 'execa';
import { writeArchives } from '../pipeline/commands/release/released-folder.ts';
import { Released } from '../pipeline/contracts/released.ts';
import { writeJson } from '../pipeline/files.ts';
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
  /** With the exit code. */
  ended: Promise<number | undefined>;
  terminate(): void;
  kill(): void;
}

/** @param baked path of `released.json`
 *  @returns once it is ready
 *  @throws Error with its output where it is not within a minute */
export async function startServiceProcess(
  baked: string,
  env: Record<string, string> = {},
  command: string[] = ['--import', 'tsx', join(import.meta.dirname, 'main.ts')],
): Promise<ServiceProcess> {
  const port = await freePort();
  const child = execa(process.execPath, command, {
    env: { PORT: String(port), PERENNIAL_BAKED: baked, PERENNIAL_FOLLOW: 'off', LOG_LEVEL: 'warn', ...env },
    cwd: import.meta.dirname,
    reject: false,
    all: true,
    cleanup: true,
  });
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 60_000; ; ) {
    if (child.exitCode !== null) throw new Error(`the service ended:\n${(await child).all}`);
    if (await isReady(url)) break;
    if (Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the service was not ready in a minute:\n${(await child).all}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    pid: child.pid as number,
    ended: child.then(({ exitCode }) => exitCode),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Whether it may be sent requests. */
export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
