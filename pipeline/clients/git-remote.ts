import { type ErrorDetails, EXIT, PerennialError } from '../contracts/errors.ts';
import type { GithubHome } from '../contracts/github.ts';
import { environment } from './dvc.ts';
import { basicAuth } from './home-secrets.ts';
import { runGroup } from './process-group.ts';
import { redact, redactUrl } from './redact.ts';
import { AttemptError, GaveUp, realTiming, retrying } from './retry.ts';

/** A repository on a Git host, seen from a clone of it. */
export interface Remote {
  /** The clone. */
  root: string;
  url: string;
  /** A secret: goes to git in its environment and nowhere else. Null: as nobody. */
  token: string | null;
  signal?: AbortSignal;
}

export type GitRemoteFailure =
  /** The host's rules do not allow it, or it is no fast-forward. */
  | 'rejected'
  /** The branch is not where the caller believed it to be. */
  | 'moved'
  | 'unauthorized'
  | 'not-found'
  | 'unavailable'
  | 'cancelled'
  | 'failed';

export class GitRemoteError extends PerennialError {
  constructor(
    readonly failure: GitRemoteFailure,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { exitCode: EXITS[failure] ?? EXIT.unexpected, ...details });
  }
}

const EXITS: Partial<Record<GitRemoteFailure, ErrorDetails['exitCode']>> = {
  unauthorized: EXIT.usage,
  unavailable: EXIT.upstreamDown,
};

/** For git over https. */
export function gitUrl({ serverUrl, owner, name }: GithubHome): string {
  return `${serverUrl}/${owner}/${name}.git`;
}

/** Moves a branch of the host to a commit.
 *  @param options.lease where the branch must be now (null: it must not be there); it is then moved also backwards or
 *    aside. Without: forward only
 *  @throws GitRemoteError `moved`, `rejected` … */
export async function pushBranch(
  remote: Remote,
  { branch, commit = 'HEAD', lease }: { branch: string; commit?: string; lease?: string | null },
): Promise<void> {
  const to = `refs/heads/${branch}`;
  await push(remote, [...leaseOf(to, lease), `${commit}:${to}`], `pushing ${branch}`);
}

/** A branch that is not there is no error. */
export async function deleteRemoteBranch(
  remote: Remote,
  branch: string,
  { lease }: { lease?: string } = {},
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  if (!(await remoteRefs(remote, [ref])).has(ref)) return;
  await push(remote, [...leaseOf(ref, lease), `:${ref}`], `deleting ${branch}`);
}

/** Brings objects and refs; nothing is checked out.
 *  @param refs refspecs, branches or shas */
export async function fetchRefs(
  remote: Remote,
  refs: string[],
  { depth }: { depth?: number } = {},
): Promise<void> {
  const options = ['--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--force', '--quiet'];
  if (depth !== undefined) options.push(`--depth=${depth}`);
  const asked = ['fetch', ...options, '--end-of-options', remote.url, ...refs];
  await run(remote, asked, `fetching ${refs.join(', ')}`);
}

/** @param patterns as `git ls-remote` has them: `refs/heads/perennial/*` */
export async function remoteRefs(remote: Remote, patterns: string[]): Promise<Map<string, string>> {
  const asked = ['ls-remote', '--quiet', '--end-of-options', remote.url, ...patterns];
  const lines = (await run(remote, asked, 'listing branches')).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, sha, ref] = /^([0-9a-f]{40})\t(\S+)$/.exec(line.trim()) ?? [];
      return sha && ref ? [[ref, sha] as const] : [];
    }),
  );
}

function leaseOf(ref: string, lease: string | null | undefined): string[] {
  return lease === undefined ? [] : [`--force-with-lease=${ref}:${lease ?? ''}`];
}

/** Made twice it leaves what it leaves when made once: the second finds the branch where it should be. */
async function push(remote: Remote, rest: string[], about: string): Promise<void> {
  const refspec = rest.at(-1) as string;
  const options = ['--porcelain', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];
  await run(
    remote,
    ['push', ...options, ...rest.slice(0, -1), '--end-of-options', remote.url, refspec],
    about,
  );
}

const LIMIT_MS = 300_000;
const RETRIES = 2;

async function run(remote: Remote, args: string[], about: string): Promise<string> {
  const { root, url, token, signal } = remote;
  const secrets = token === null ? [] : [token, basicAuth(USER, token)];
  const attempt = async () => {
    const { exitCode, stdout, output, ended } = await runGroup('git', args, {
      cwd: root,
      env: { ...environment(), ...QUIET, ...credentials(remote) },
      timeoutMs: LIMIT_MS,
      signal,
    });
    if (exitCode === 0) return stdout;
    throw new Refused(ended === 'by-itself' ? failureOf(output) : ENDED[ended], redact(output, secrets));
  };
  try {
    return await retrying(attempt, { retries: RETRIES, timing: realTiming, signal });
  } catch (error) {
    if (signal?.aborted) throw new GitRemoteError('cancelled', `${about}: cancelled`);
    if (!(error instanceof GaveUp) || !(error.failure instanceof Refused)) throw error;
    const { failure, said } = error.failure;
    throw new GitRemoteError(
      failure,
      `git: ${about} at ${redactUrl(url, secrets)}: ${SEEN[failure]}${said}`,
      {
        hint: HINTS[failure],
      },
    );
  }
}

const USER = 'x-access-token';

/** In the environment: arguments are read by every process of the machine, a configuration file stays. The empty value
 *  before it takes away what actions/checkout may have left for the same address: two would be refused. */
function credentials({ url, token }: Remote): Record<string, string> {
  const settings: [string, string][] = [['credential.helper', '']];
  if (token !== null && /^https?:/.test(url)) {
    const name = `http.${url}.extraheader`;
    settings.push([name, ''], [name, `Authorization: Basic ${basicAuth(USER, token)}`]);
  }
  // Whoever started us may have set some in the same way.
  const there = Number(process.env.GIT_CONFIG_COUNT) || 0;
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(there + settings.length)],
    ...settings.flatMap(([key, value], at) => [
      [`GIT_CONFIG_KEY_${there + at}`, key],
      [`GIT_CONFIG_VALUE_${there + at}`, value],
    ]),
  ]);
}

/** Its words are read below; nobody is there to answer a question. */
const QUIET = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'true',
  GIT_TRACE: '0',
  GIT_TRACE_CURL: '0',
};

class Refused extends AttemptError {
  /** Git's own words, the lines that say something. */
  readonly said: string;
  constructor(
    readonly failure: GitRemoteFailure,
    output: string,
  ) {
    super(failure, { passing: failure === 'unavailable', hint: HINTS[failure] ?? '' });
    const lines = output.split('\n').filter((line) => /^(remote:|!|fatal:|error:)/.test(line.trim()));
    const shown = lines.map((line) => line.trim()).join('; ');
    this.said = shown === '' ? '' : ` (${shown.slice(0, 600)})`;
  }
}

const ENDED = { 'time-out': 'unavailable', cancelled: 'cancelled', 'not-found': 'failed' } as const;

function failureOf(output: string): GitRemoteFailure {
  if (/stale info/.test(output)) return 'moved';
  if (/\[(remote )?rejected\]|non-fast-forward|fetch first/.test(output)) return 'rejected';
  if (/Authentication failed|could not read Username|error: 40[13]|Permission to .* denied/.test(output))
    return 'unauthorized';
  if (/not found|does not appear to be a git repository|couldn't find remote ref|not our ref/i.test(output))
    return 'not-found';
  if (
    /Could not resolve host|unable to access|Connection|timed out|early EOF|hung up|RPC failed|error: 5\d\d/.test(
      output,
    )
  )
    return 'unavailable';
  return 'failed';
}

const SEEN: Record<GitRemoteFailure, string> = {
  rejected: 'the host does not take it',
  moved: 'the branch has moved since it was looked at',
  unauthorized: 'the host does not let us in',
  'not-found': 'there is no such repository or ref (or the token may not see it)',
  unavailable: 'the host cannot be reached',
  cancelled: 'cancelled',
  failed: 'git failed',
};

const HINTS: Partial<Record<GitRemoteFailure, string>> = {
  rejected: 'read what the host said; its branch rules may forbid it (npm run github:doctor)',
  moved: 'somebody else moved it: the next run starts from there',
  unauthorized: 'the token is wrong, has ended, or lacks the right contents: write',
  'not-found': 'check owner and name of the repository, and what the token may see',
  unavailable: 'nothing is lost; a later run tries again',
};
