import { userInfo } from 'node:os';
import { execa } from 'execa';
import type { RunOrigin } from '../contracts/run-record.ts';
import { REPOSITORY } from '../workspace.ts';
import { redactUrl } from './redact.ts';

/** Asks git and the environment. */
export async function readOrigin(env: NodeJS.ProcessEnv = process.env): Promise<RunOrigin> {
  const [branch, remote] = await Promise.all([
    gitSays('symbolic-ref', '--quiet', '--short', 'HEAD'),
    gitSays('config', '--get', 'remote.origin.url'),
  ]);
  return originFrom(env, { branch, remote, user: userName() });
}

/** In a workflow GitHub's variables tell; elsewhere what git and the machine know. */
export function originFrom(
  env: Record<string, string | undefined>,
  here: { branch: string | null; remote: string | null; user: string },
): RunOrigin {
  if (env.GITHUB_ACTIONS !== 'true' || !env.GITHUB_REPOSITORY) {
    const repository = here.remote === null ? null : pageOf(here.remote);
    const { user, branch } = here;
    return { user, source: repository ?? 'perennial', kind: 'command', branch, repository, page: null };
  }
  const repository = `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${env.GITHUB_REPOSITORY}`;
  return {
    user: env.GITHUB_ACTOR ?? here.user,
    source: env.GITHUB_WORKFLOW ?? 'workflow',
    kind: 'workflow',
    // Of a pull request GITHUB_REF_NAME is a merge that nobody knows.
    branch: env.GITHUB_HEAD_REF || env.GITHUB_REF_NAME || here.branch,
    repository,
    page: env.GITHUB_RUN_ID
      ? `${repository}/actions/runs/${env.GITHUB_RUN_ID}/attempts/${env.GITHUB_RUN_ATTEMPT ?? '1'}`
      : null,
  };
}

/** `git@host:owner/name.git` and `https://user:token@host/owner/name.git` → `https://host/owner/name` */
function pageOf(remote: string): string | null {
  const ssh = /^(?:ssh:\/\/)?[\w.-]+@([\w.-]+)(?::\d+\/|[:/])(.+)$/.exec(remote);
  const url = ssh ? `https://${ssh[1]}/${ssh[2]}` : remote;
  // A remote that is a folder says nothing outside of its machine.
  if (!/^https?:\/\//.test(url)) return null;
  return redactUrl(url).replace(/\.git\/?$/, '');
}

async function gitSays(...args: string[]): Promise<string | null> {
  const { stdout, exitCode } = await execa('git', args, { cwd: REPOSITORY, reject: false, timeout: 10_000 });
  return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : null;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that its machine has no name for.
    return 'unknown';
  }
}
