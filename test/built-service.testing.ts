// The service as it runs in the image: built, without TypeScript, packages or params.yaml.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { type ServiceProcess, startServiceProcess } from '../serve/service-process.testing.ts';

const BUILD_LIMIT_MS = 3 * 60_000;
const BUSY_LIMIT_MS = 60_000;

/** @returns path of what is started */
export async function buildService(folder: string): Promise<string> {
  await execa(process.execPath, ['--import', 'tsx', 'serve/build.ts', join(folder, 'dist')], {
    cwd: REPOSITORY,
    timeout: BUILD_LIMIT_MS,
  });
  return join(folder, 'dist', 'main.mjs');
}

export interface BuiltService extends ServiceProcess {
  /** Resident memory, in megabytes, as the kernel counts it. */
  residentMb(): Promise<number>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | undefined>;
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
  const service = await startServiceProcess(baked, env, [...node, main]);
  return {
    ...service,
    residentMb: () => residentMb(service.pid),
    stop() {
      service.terminate();
      return service.ended;
    },
  };
}

export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
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
