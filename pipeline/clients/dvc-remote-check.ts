import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { type Dispatcher, request } from 'undici';
import type { RemoteHome } from '../contracts/homes.ts';
import { DvcError } from './dvc-error.ts';
import { refusal } from './dvc-remote-failure.ts';
import { type StoreStep, stepsOn } from './dvc-store.ts';
import { basicAuth } from './home-secrets.ts';

export interface CheckOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
/** Python and the store's library take seconds to load on a busy machine. */
const STORE_TIMEOUT_MS = 60_000;

/** Asks a remote, with the credentials that DVC will use, whether it lets us in; quick, and nothing is written.
 *  @throws DvcError one sentence: unauthorized, forbidden, no-bucket, no-dvc-remote, unreachable */
export async function checkRemote(home: RemoteHome, options: CheckOptions = {}): Promise<void> {
  if (home.kind === 'folder') return checkFolder(home);
  if (home.kind === 'http') {
    await ask(home, 'GET', NOTHING, options);
    return;
  }
  const { signal, timeoutMs = STORE_TIMEOUT_MS } = options;
  const [answer] = await stepsOn(home, [{ do: 'list' }], { signal, timeoutMs });
  if (answer.error) throw answer.error;
}

export interface ProbeStep {
  step: 'write' | 'read back' | 'delete';
  ok: boolean;
  ms?: number;
  /** What came of it, for a person. */
  said: string;
  error?: DvcError;
}

const TEXT = 'perennial was here\n';
const MD5 = createHash('md5').update(TEXT).digest('hex');
/** No object has this hash. */
const NOTHING = 'files/md5/00/000000000000000000000000000000';

/** Writes a small object to a remote, reads it back and deletes it; ends at the first step that fails. On an HTTP remote
 *  nothing can be deleted: one and the same 19 bytes, named by their hash as DVC would, stay there. */
export async function probeRemote(home: RemoteHome, options: CheckOptions = {}): Promise<ProbeStep[]> {
  if (home.kind === 'http') return probeHttp(home, options);
  // Not in a folder, which would stay; one name for each machine, so that the next probe takes away what a killed one left.
  const key = `perennial-probe-${hostname()}`;
  const steps: StoreStep[] = [
    { do: 'write', key, text: TEXT },
    { do: 'read', key },
    { do: 'remove', key },
  ];
  if (home.kind === 'folder') {
    const error = await checkFolder(home).then(
      () => undefined,
      (reason) => reason,
    );
    if (error) return [failed('write', error)];
  }
  const { signal, timeoutMs = STORE_TIMEOUT_MS } = options;
  const answers = await stepsOn(home, steps, { signal, timeoutMs }).catch((error) => [{ do: 'open', error }]);
  return answers.map(
    ({ do: what, error, ms, text }: { do: string; error?: DvcError; ms?: number; text?: string }) => {
      const step = what === 'read' ? 'read back' : what === 'remove' ? 'delete' : 'write';
      if (error) return failed(step, error);
      if (what === 'read' && text !== TEXT) return failed(step, otherContent(home));
      return { step, ok: true, ms, said: `${home.shown}` };
    },
  );
}

async function probeHttp(home: RemoteHome, options: CheckOptions): Promise<ProbeStep[]> {
  const key = `files/md5/${MD5.slice(0, 2)}/${MD5.slice(2)}`;
  const steps: ProbeStep[] = [];
  const take = async (step: ProbeStep['step'], work: () => Promise<string>) => {
    const began = performance.now();
    try {
      const said = await work();
      steps.push({ step, ok: true, ms: Math.round(performance.now() - began), said });
    } catch (error) {
      if (!(error instanceof DvcError)) throw error;
      steps.push(failed(step, error));
    }
    return steps[steps.length - 1].ok;
  };
  const method = home.config.method?.toUpperCase() === 'PUT' ? 'PUT' : 'POST';
  const written = await take('write', async () => {
    const { status } = await ask(home, method, key, options, TEXT);
    if (status >= 400) throw refusal(home, status === 507 ? 'remote-full' : 'no-bucket');
    return home.shown;
  });
  if (!written) return steps;
  await take('read back', async () => {
    const { text } = await ask(home, 'GET', key, options);
    if (text !== TEXT) throw otherContent(home);
    return home.shown;
  });
  steps.push({
    step: 'delete',
    ok: true,
    said: `an HTTP remote deletes nothing: ${key} stays, always the same one`,
  });
  return steps;
}

const failed = (step: ProbeStep['step'], error: DvcError): ProbeStep => ({
  step,
  ok: false,
  said: error.message,
  error,
});

const otherContent = (home: RemoteHome) =>
  new DvcError('no-dvc-remote', `${home.shown} takes an object and does not give the same one back`, {
    hint: 'check that the address is that of a DVC remote',
  });

/** One request with the remote's credentials; what is not an object or the lack of one is refused.
 *  @throws DvcError */
async function ask(
  home: RemoteHome,
  method: Dispatcher.HttpMethod,
  key: string,
  { signal, timeoutMs = TIMEOUT_MS }: CheckOptions,
  body?: string,
): Promise<{ status: number; text: string }> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await request(`${home.config.url.replace(/\/+$/, '')}/${key}`, {
      method,
      body,
      headers: authorization(home),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = (await answer.body.text()).slice(0, 10_000);
    const status = answer.statusCode;
    if (status === 401) throw refusal(home, 'unauthorized');
    if (status === 403) throw refusal(home, 'forbidden');
    if (status === 507) throw refusal(home, 'remote-full');
    if (status === 429 || status >= 500) throw refusal(home, 'unreachable');
    const isPage = status < 300 && /text\/html/.test(String(answer.headers['content-type']));
    // A redirect leads to where people sign in; objects are given out at once.
    if (isPage || (status >= 300 && status < 400)) throw refusal(home, 'no-dvc-remote');
    return { status, text };
  } catch (error) {
    if (error instanceof DvcError) throw error;
    if (signal?.aborted) throw new DvcError('cancelled', `work on ${home.shown} was cancelled`);
    throw refusal(home, 'unreachable', error);
  }
}

function authorization({ config }: RemoteHome): Record<string, string> {
  const { auth, user = '', password = '', custom_auth_header } = config;
  if (auth === 'basic') return { authorization: `Basic ${basicAuth(user, password)}` };
  if (auth === 'custom' && custom_auth_header) return { [custom_auth_header]: password };
  return {};
}

/** DVC makes the folder and all above it, also where a drive is not mounted: what is above must be there. */
async function checkFolder(home: RemoteHome): Promise<void> {
  const { url } = home.config;
  const there = existsSync(url) ? url : dirname(url);
  const found = await stat(there).catch(() => null);
  if (!found?.isDirectory()) throw refusal(home, 'no-bucket');
  await access(there, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause) => {
    throw refusal(home, 'forbidden', cause);
  });
}
