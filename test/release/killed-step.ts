import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ReleaseTeam } from './release-team.ts';

const LOADED = ['../dies-at-write.ts', './dies-at-request.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const LIMIT_MS = 120_000;

/** When a step dies; none of both: it lives. */
export interface Death {
  /** At the n-th thing that it does to the registry's folder. */
  write?: number;
  /** Once its n-th request that changes something was done, before it has read the answer. */
  request?: number;
}

/** One step of a job, in a process that is killed (`kill -9`).
 *  @returns how many writes and requests there were; null where it died */
export async function killedStep(
  team: ReleaseTeam,
  { write = 0, request = 0 }: Death,
  args: string[],
): Promise<{ writes: number; requests: number } | null> {
  const { PATH = '', HOME = '' } = process.env;
  const loaded = ['tsx', ...LOADED].flatMap((path) => ['--import', path]);
  const { stdout, stderr, signal, exitCode } = await execa('node', [...loaded, 'pipeline/main.ts', ...args], {
    cwd: team.clone.root,
    extendEnv: false,
    env: {
      ...(await team.environment()),
      ...{ PATH, HOME, DIE_AT: String(write), DIE_AT_REQUEST: String(request) },
      DIE_UNDER: join(team.clone.root, 'models'),
    },
    reject: false,
    timeout: LIMIT_MS,
    killSignal: 'SIGTERM',
  });
  if (signal === 'SIGKILL') return null;
  if (exitCode !== 0) throw new Error(`${args[0]} ended with ${signal ?? exitCode}: ${stderr}\n${stdout}`);
  const told = (line: RegExp) => Number(line.exec(stdout)?.[1]);
  return { writes: told(/^(\d+)$/m), requests: told(/^requests (\d+)$/m) };
}
