import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { UpstreamError, UsageError } from '../contracts/errors.ts';
import { receive, tooLarge } from './body.ts';
import { redact, redactUrl } from './redact.ts';
import { AttemptError, GaveUp, retrying, type Timing } from './retry.ts';
import { failureOf, refusal } from './transport-failure.ts';

/** Limits and manners shared by all requests to one source. */
export interface Courier {
  dispatcher: Dispatcher;
  timing: Timing;
  signal: AbortSignal;
  /** Attempts after the first. */
  retries: number;
  /** Size of one body, on the wire and after its content-encoding. */
  maxBytes: number;
  /** All attempts at one address together. */
  overallMs: number;
  /** Called before each request: the quota. */
  pace: (signal?: AbortSignal) => Promise<void>;
  /** Wall clock, for a Retry-After that is a date. */
  now: () => Date;
  /** Values that never appear in a message. */
  secrets: readonly string[];
  onWait?: (url: string, seen: string, waitMs: number) => void;
  onBytes?: (bytes: number) => void;
}

export interface Wanted {
  url: string;
  /** File that receives the body; it must not exist. */
  path: string;
  /** Sent to the origin of `url` only, never to where it redirects. */
  headers?: Record<string, string>;
  /** Parameter that carries the key; like `headers` for the origin only, and not part of the recorded address. */
  query?: { name: string; value: string };
  etag?: string;
  lastModified?: string;
}

export interface Downloaded {
  bytes: number;
  sha256: string;
  status: number;
  headers: Record<string, string>;
}

const MAX_REDIRECTS = 5;
/** Headers worth keeping with the bytes; none of them can hold a secret. */
const KEPT = [
  'etag',
  'last-modified',
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'date',
];

/** Fetches one address into a file while hashing it; the file is there whole or not at all.
 *  @returns null if the server says that nothing changed (304)
 *  @throws UpstreamError with what was seen and how often it was tried; UsageError for what is no http(s) address */
export async function download(wanted: Wanted, courier: Courier): Promise<Downloaded | null> {
  const shown = redactUrl(wanted.url, courier.secrets);
  if (!URL.canParse(wanted.url) || !/^https?:$/.test(new URL(wanted.url).protocol)) {
    throw new UsageError(`${shown} is not an http(s) address`, {
      hint: 'correct `source.urls` in params.yaml',
    });
  }
  const deadline = AbortSignal.timeout(courier.overallMs);
  const signal = AbortSignal.any([courier.signal, deadline]);
  try {
    return await retrying(() => once(wanted, courier, signal), {
      retries: courier.retries,
      timing: courier.timing,
      signal,
      onWait: (failure, _attempt, waitMs) =>
        courier.onWait?.(shown, redact(failure.message, courier.secrets), waitMs),
    });
  } catch (error) {
    if (courier.signal.aborted) throw courier.signal.reason;
    if (deadline.aborted) {
      throw new UpstreamError(`${shown}: not finished after ${courier.overallMs / 1000} s in all`, {
        hint: 'the portal is too slow at the moment; the next scheduled run tries again',
        facts: { url: shown },
      });
    }
    if (!(error instanceof GaveUp)) throw error;
    const { failure, attempts } = error;
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    throw new UpstreamError(`${shown}: ${redact(failure.message, courier.secrets)} (${tries})`, {
      hint: failure.hint,
      facts: { url: shown, attempts },
    });
  }
}

async function once(wanted: Wanted, courier: Courier, signal: AbortSignal): Promise<Downloaded | null> {
  const response = await follow(wanted, courier, signal);
  const { statusCode, body } = response;
  const headers = flat(response.headers);
  if (statusCode === 304 && (wanted.etag ?? wanted.lastModified) !== undefined) {
    discard(body);
    return null;
  }
  if (statusCode !== 200 && statusCode !== 203) {
    discard(body);
    throw refusal(statusCode, headers, courier.now().getTime());
  }
  const declared = Number(headers['content-length'] ?? Number.NaN);
  if (declared > courier.maxBytes) {
    discard(body);
    throw tooLarge(`${declared} bytes announced`, courier.maxBytes);
  }
  const encoding = headers['content-encoding'];
  const received = await receive(body, wanted.path, { ...courier, encoding, signal }).catch((error) => {
    discard(body);
    throw error;
  });
  const kept = Object.fromEntries(KEPT.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])));
  return { ...received, status: statusCode, headers: kept };
}

/** Follows redirects by hand: the key must not travel to another origin, and https not fall back to http. */
async function follow(
  wanted: Wanted,
  courier: Courier,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let url = new URL(wanted.url);
  const origin = url.origin;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    await courier.pace(signal);
    const response = await ask(url, url.origin === origin, wanted, courier, signal);
    const location = response.headers.location;
    if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== 'string')
      return response;
    discard(response.body);
    const hint = 'open the address in a browser and put the one it ends at into `source.urls`';
    if (!URL.canParse(location, url.href)) {
      throw new AttemptError('redirects to something that is no address', { passing: false, hint });
    }
    const next = new URL(location, url);
    const falls = url.protocol === 'https:' && next.protocol !== 'https:';
    if (falls || !/^https?:$/.test(next.protocol)) {
      throw new AttemptError(`redirects to ${redactUrl(next.href, courier.secrets)}, which is not safe`, {
        passing: false,
        hint,
      });
    }
    url = next;
  }
  throw new AttemptError(`redirects more than ${MAX_REDIRECTS} times`, {
    passing: false,
    hint: 'the portal sends requests round in circles; tell it, or use another address',
  });
}

async function ask(
  url: URL,
  sameOrigin: boolean,
  wanted: Wanted,
  courier: Courier,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const target = new URL(url);
  target.username = '';
  target.password = '';
  if (sameOrigin && wanted.query) target.searchParams.set(wanted.query.name, wanted.query.value);
  try {
    return await request(target, {
      dispatcher: courier.dispatcher,
      signal,
      headers: {
        accept: '*/*',
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': 'perennial (model training; conditional requests)',
        ...(user || password
          ? { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
          : {}),
        ...(sameOrigin ? wanted.headers : {}),
        ...(wanted.etag === undefined ? {} : { 'if-none-match': wanted.etag }),
        ...(wanted.lastModified === undefined ? {} : { 'if-modified-since': wanted.lastModified }),
      },
    });
  } catch (error) {
    throw signal.aborted ? error : failureOf(error);
  }
}

function discard(body: Readable): void {
  // What is not wanted is not read: the connection goes with it.
  body.on('error', () => {});
  body.destroy();
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
