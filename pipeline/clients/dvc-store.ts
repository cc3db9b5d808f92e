import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { RemoteHome } from '../contracts/homes.ts';
import { DvcError } from './dvc-error.ts';
import { withRemote } from './dvc-remote-config.ts';
import { refusal, remoteFailure } from './dvc-remote-failure.ts';
import { dvcBinary, environment } from './dvc-run.ts';
import { remoteSecrets } from './home-secrets.ts';
import { runGroup } from './process-group.ts';
import { redact } from './redact.ts';

/** `key`: path below the remote, such as `files/md5/ab/cd…`. */
export type StoreStep =
  | { do: 'list' }
  | { do: 'read'; key: string }
  | { do: 'remove'; key: string }
  | { do: 'write'; key: string; text: string }
  | { do: 'put'; key: string; file: string }
  /** Writes all objects into a local file, a JSON line each: `{ hash, bytes, written }`. */
  | { do: 'objects'; file: string }
  /** Removes the objects whose hashes stand in a local file, a line each, in that order. */
  | { do: 'remove-all'; file: string };

const Answer = z.object({
  do: z.string(),
  text: z.string().optional(),
  ms: z.number().optional(),
  error: z.string().optional(),
});

export interface StoreAnswer {
  do: string;
  text?: string;
  ms?: number;
  error?: DvcError;
}

const SCRIPT = fileURLToPath(new URL('./dvc_remote.py', import.meta.url));

/** Takes steps on a remote through DVC's own Python: what it lets in here, it lets in for push and pull, be it by key,
 *  profile, role or signed-in session.
 *  @returns one answer a step; the first that failed is the last
 *  @throws DvcError cancelled; unreachable after `timeoutMs` */
export async function stepsOn(
  home: RemoteHome,
  steps: StoreStep[],
  { signal, timeoutMs }: { signal?: AbortSignal; timeoutMs: number },
): Promise<StoreAnswer[]> {
  // DVC would wait a minute for each of several attempts to connect.
  const quick: Record<string, string> =
    home.kind === 's3' ? { connect_timeout: '5', read_timeout: '20' } : {};
  const impatient: RemoteHome = { ...home, config: { ...quick, ...home.config } };
  const { output, stdout, ended } = await withRemote(impatient, ({ name, env }) =>
    runGroup(pythonOfDvc(), [SCRIPT, JSON.stringify({ name, steps })], {
      cwd: tmpdir(),
      env: { ...environment(), AWS_MAX_ATTEMPTS: '1', ...env },
      timeoutMs,
      signal,
    }),
  );
  if (ended === 'cancelled') throw new DvcError('cancelled', `work on ${home.shown} was cancelled`);
  if (ended === 'time-out') {
    throw new DvcError(
      'unreachable',
      `${home.shown} did not answer within ${Math.round(timeoutMs / 1000)} s`,
      {
        hint: 'check the address and the network',
      },
    );
  }
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  if (ended === 'not-found' || lines.length === 0) {
    throw new DvcError(
      'no-dvc',
      `the Python of DVC does not run: ${redact(output.slice(-500), remoteSecrets(home))}`,
      {
        hint: 'run `npm run setup`',
      },
    );
  }
  return lines.map((line) => {
    const { error, ...answer } = Answer.parse(JSON.parse(line));
    return error === undefined ? answer : { ...answer, error: asRefusal(home, error) };
  });
}

function asRefusal(home: RemoteHome, words: string): DvcError {
  const shown = redact(words, remoteSecrets(home));
  const failure = remoteFailure(words);
  if (failure) return refusal(home, failure, new Error(shown));
  const [first] = shown.split('\n');
  return new DvcError('failed', `${home.shown} refuses: ${first.slice(0, 300)}`, {
    hint: 'check the address and the options of the remote',
  });
}

/** The interpreter that DVC is installed for. */
function pythonOfDvc(): string {
  const own = join(dirname(dvcBinary()), 'python');
  return existsSync(own) ? own : 'python3';
}
