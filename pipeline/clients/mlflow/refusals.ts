import { redactUrl } from '../redact.ts';
import { AttemptError, retryAfter } from '../retry.ts';
import { passes } from '../transport-failure.ts';
import type { Asked } from './asked.ts';
import {
  type Credentials,
  DOWN,
  FULL_HINT,
  forbiddenHint,
  laterHint,
  NEW_CREDENTIALS,
  NO_CREDENTIALS,
  NO_MLFLOW,
  NO_REGISTRY,
  OTHER_SERVER,
  PAGE,
  PROXY_LOG_IN,
  SERVE_ARTIFACTS,
  TOO_LARGE,
} from './hints.ts';
import type { MlflowFailure } from './mlflow-error.ts';
import type { Reply } from './wire.ts';

/** An attempt that failed, and what it means. */
export class Refused extends AttemptError {
  readonly failure: MlflowFailure;
  readonly status?: number;
  readonly code?: string;
  /** Of characters, where the server told one. */
  readonly limit?: number;
  constructor(
    failure: MlflowFailure,
    seen: string,
    details: {
      hint: string;
      passing?: boolean;
      status?: number;
      code?: string;
      limit?: number;
      retryAfterMs?: number;
      cause?: unknown;
    },
  ) {
    super(seen, { ...details, passing: details.passing ?? false });
    this.failure = failure;
    this.status = details.status;
    this.code = details.code;
    this.limit = details.limit;
  }
}

export interface Asking {
  asked: Asked;
  credentials: Credentials;
  /** Wall clock in ms, for a Retry-After that is a date. */
  now: number;
}

/** What an answer other than 200 means. */
export function refusalOf(reply: Reply, { asked, credentials, now }: Asking): Refused {
  const { status } = reply;
  const told = toldBy(reply);
  const seen = `answered ${status}${told.code ? ` ${told.code}` : ''}${told.text ? `: ${told.text}` : ''}`;
  const limit = /(?:length limit|maximum length) of (\d+)/.exec(told.whole)?.[1];
  const details = { status, code: told.code, limit: limit === undefined ? undefined : Number(limit) };
  const refused = (failure: MlflowFailure, hint: string) => new Refused(failure, seen, { ...details, hint });

  if (status === 401)
    return refused('unauthenticated', credentials === 'none' ? NO_CREDENTIALS : NEW_CREDENTIALS);
  if (status === 407) return refused('unauthenticated', PROXY_LOG_IN);
  if (status === 403) return refused('forbidden', forbiddenHint(asked, told.text));
  if (status === 507 || (status >= 500 && FULL.test(told.whole))) return refused('exhausted', FULL_HINT);
  if (status === 413) return refused('exhausted', TOO_LARGE);
  if (told.whole.includes('--no-serve-artifacts')) return refused('invalid', SERVE_ARTIFACTS);
  if (status >= 300 && status < 400) return redirected(reply);
  if (asked.file && asked.method === 'GET' && missing(status, told.whole)) {
    return refused('not-found', 'check the path of the artifact');
  }
  if (told.code === undefined && (status === 404 || status === 405)) return noMlflow(reply, asked);
  if (told.code === 'ENDPOINT_NOT_FOUND') return noMlflow(reply, asked);
  if (status === 404 || told.code === 'RESOURCE_DOES_NOT_EXIST') {
    return refused('not-found', 'check its name; somebody may have deleted it');
  }
  if (told.code === 'RESOURCE_ALREADY_EXISTS')
    return refused('exists', 'use the one that is there, or another name');
  if (CHANGED_PARAM.test(told.whole)) {
    return refused('conflict', 'a parameter is written once: start another run for other values');
  }
  if (AT_ONCE.test(told.whole) && !SAME_POINT.test(told.whole)) {
    const hint = 'somebody else wrote the same at the same moment: ask again';
    return new Refused('conflict', seen, { ...details, hint, passing: true });
  }
  const wait = status === 429 || status === 503 ? retryAfter(reply.headers['retry-after'], now) : undefined;
  if (status === 429) {
    return new Refused('exhausted', seen, {
      ...details,
      hint: 'the server wants fewer requests: wait, or raise its limit',
      passing: true,
      retryAfterMs: wait,
    });
  }
  if (passes(status)) {
    const hint = laterHint(asked, status, credentials);
    return new Refused('unavailable', seen, { ...details, hint, passing: true, retryAfterMs: wait });
  }
  if (status >= 500) return refused('unavailable', DOWN);
  return refused('invalid', 'the server does not take it: its words tell why');
}

/** 2.22 says 500 where there is no such file; a listing tells it from a server that is broken. */
const MISSING = /no such file|NoSuchKey|not found|\(404\)|BlobNotFound|does not exist/i;
const missing = (status: number, words: string) => status === 404 || (status === 500 && MISSING.test(words));
const FULL =
  /ENOSPC|no space left|disk is full|disk full|quota exceeded|insufficient storage|could not extend file/i;
const CHANGED_PARAM = /Changing param values is not allowed/;
/** Two first writers of one row, as SQLite, PostgreSQL and MySQL say it: the server looks and writes in two steps. The later one's
 *  was not done. */
const AT_ONCE = /UNIQUE constraint failed|violates unique constraint|Duplicate entry '/;
/** A NaN that 2.22 has already: it would be refused again, however often it is asked. */
const SAME_POINT = /INSERT INTO metrics\b/;

/** A 200 with something that is no answer of MLflow's. */
export function notMlflow(reply: Reply, expected: string): Refused {
  const html = /^\s*</.test(reply.body.subarray(0, 200).toString());
  const truncated = !html && reply.headers['content-type']?.includes('json') === true;
  if (truncated) {
    return new Refused('unavailable', 'answered with JSON that breaks off', {
      status: reply.status,
      hint: DOWN,
      passing: true,
    });
  }
  const seen = `answered ${reply.status} with ${html ? 'a web page' : 'something else'}, expected ${expected}`;
  return new Refused('not-mlflow', seen, { status: reply.status, hint: html ? PAGE : OTHER_SERVER });
}

/** The proxy on the way there did not let the request through. */
export function proxyRefused(status: number, cause: unknown): Refused {
  const failure = status === 407 ? 'unauthenticated' : 'unavailable';
  return new Refused(failure, `the proxy in https_proxy or http_proxy answered ${status}`, {
    status,
    hint: status === 407 ? PROXY_LOG_IN : 'let the proxy pass, or name the server in no_proxy',
    passing: passes(status),
    cause,
  });
}

function redirected({ status, headers }: Reply): Refused {
  const to = headers.location ? redactUrl(headers.location).replace(/[?#].*$/, '') : 'nowhere';
  return new Refused('not-mlflow', `answered ${status} and points to ${to}`, {
    status,
    hint: 'give that address in MLFLOW_TRACKING_URI if it is the server; a log-in page is none',
  });
}

function noMlflow({ status }: Reply, { path }: Asked): Refused {
  if (/\/(registered-models|model-versions)\//.test(path)) {
    return new Refused('not-mlflow', `answered ${status} to ${path}: there is no registry of models`, {
      status,
      hint: NO_REGISTRY,
    });
  }
  return new Refused('not-mlflow', `answered ${status} to ${path}: there is no MLflow below this address`, {
    status,
    hint: NO_MLFLOW,
  });
}

/** MLflow's own words where they came as JSON; at most one short line. */
function toldBy({ body, headers }: Reply): { code?: string; text: string; whole: string } {
  const whole = body.subarray(0, 4_000).toString();
  try {
    const { error_code, message, detail } = JSON.parse(body.toString());
    const text = [message, detail].find((one) => typeof one === 'string') ?? '';
    return { code: typeof error_code === 'string' ? error_code : undefined, text: line(text), whole };
  } catch {
    const page = /html/.test(headers['content-type'] ?? '') || /^\s*</.test(whole);
    return { text: page && /^\s*</.test(whole) ? 'a web page' : line(whole), whole };
  }
}

const SHOWN_CHARACTERS = 240;

function line(text: string): string {
  const first = text.trim().split('\n')[0] ?? '';
  return first.length > SHOWN_CHARACTERS ? `${first.slice(0, SHOWN_CHARACTERS)}…` : first;
}
