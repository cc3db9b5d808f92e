import { existsSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { request } from 'undici';
import type { RemoteHome } from '../contracts/homes.ts';
import { DvcError } from './dvc-error.ts';
import { refusal } from './dvc-remote-failure.ts';

export interface CheckOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;

/** Asks a remote, with the credentials that DVC will use, whether it lets us in; quick, and nothing is written.
 *  @throws DvcError one sentence: unauthorized, forbidden, no-bucket, no-dvc-remote, unreachable */
export async function checkRemote(home: RemoteHome, options: CheckOptions = {}): Promise<void> {
  if (home.kind === 'http') return checkHttp(home, options);
  if (home.kind === 'folder') return checkFolder(home);
}

async function checkHttp(home: RemoteHome, { signal, timeoutMs = TIMEOUT_MS }: CheckOptions): Promise<void> {
  const limit = AbortSignal.timeout(timeoutMs);
  const answer = await request(`${home.config.url.replace(/\/+$/, '')}/${PROBE_PATH}`, {
    headers: authorization(home),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  }).catch((cause) => {
    if (signal?.aborted) throw new DvcError('cancelled', `the check of ${home.shown} was cancelled`);
    throw refusal(home, 'unreachable', cause);
  });
  const type = String(answer.headers['content-type'] ?? '');
  await answer.body.dump();
  const { statusCode: status } = answer;
  if (status === 401) throw refusal(home, 'unauthorized');
  if (status === 403) throw refusal(home, 'forbidden');
  if (status === 429 || status >= 500) throw refusal(home, 'unreachable');
  // A redirect leads to a page to sign in at; objects are given out at once.
  if (status >= 300 && status < 400) throw refusal(home, 'no-dvc-remote');
  if (status < 300 && /text\/html/.test(type)) throw refusal(home, 'no-dvc-remote');
}

const PROBE_PATH = 'files/md5/00/000000000000000000000000000000';

function authorization({ config }: RemoteHome): Record<string, string> {
  const { auth, user = '', password = '', custom_auth_header } = config;
  if (auth === 'basic')
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  if (auth === 'custom' && custom_auth_header) return { [custom_auth_header]: password };
  return {};
}

async function checkFolder(home: RemoteHome): Promise<void> {
  const { url } = home.config;
  // DVC makes the folder, and all above it: also where a drive is not mounted.
  const there = (await isFolder(url)) ? url : dirname(url);
  if ((there !== url && existsSync(url)) || !(await isFolder(there))) throw refusal(home, 'no-bucket');
  await access(there, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause) => {
    throw refusal(home, 'forbidden', cause);
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
