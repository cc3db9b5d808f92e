import { AttemptError, retryAfter } from '../retry.ts';
import { type Advice, failureOf, neverArrived, passes } from '../transport-failure.ts';
import type { GithubFailure } from './github-error.ts';
import { AnswerTooLarge } from './wire.ts';

/** An attempt that failed, and what it means. */
export class Refused extends AttemptError {
  readonly failure: GithubFailure;
  readonly status?: number;
  readonly until?: string;
  constructor(
    failure: GithubFailure,
    seen: string,
    details: {
      hint: string;
      passing?: boolean;
      status?: number;
      retryAfterMs?: number;
      until?: string;
      cause?: unknown;
    },
  ) {
    super(seen, { ...details, passing: details.passing ?? false });
    this.failure = failure;
    this.status = details.status;
    this.until = details.until;
  }
}

/** What an answer of the host has, as Octokit tells it. */
export interface Answer {
  status: number;
  headers: Record<string, string | number | undefined>;
  data: unknown;
}

export interface RefusalContext {
  /** Wall clock in ms, where the answer has no date. */
  now: number;
  /** Rights of who asks, where they are known. */
  has?: Record<string, string>;
  /** The token was made a moment ago: parts of the host may not know it yet. */
  freshToken: boolean;
  /** With which kind of credentials it was asked. */
  as: 'app' | 'token' | 'nobody';
}

/** What an answer other than success means. */
export function refusalOf(answer: Answer, context: RefusalContext): Refused {
  const { status } = answer;
  const told = toldBy(answer.data);
  const seen = `answered ${status}${told && `: ${told}`}`;
  const limited = rateLimit(answer, told, context.now);
  if (limited) return limited;
  if (status === 401) {
    const retry = context.freshToken ? { passing: true, retryAfterMs: 1_000 } : {};
    return new Refused('unauthorized', seen, { status, hint: UNAUTHORIZED[context.as], ...retry });
  }
  if (status === 403) return noRight(answer, { told, context });
  const failure = FAILURES[status];
  if (failure) {
    const taken = status === 422 && /already exists|already been taken|not a fast.forward/i.test(told);
    return new Refused(taken ? 'conflict' : failure, seen, { status, hint: HINTS[failure] ?? '' });
  }
  if (passes(status)) {
    const retryAfterMs = retryAfter(header(answer, 'retry-after'), dateOf(answer, context.now));
    return new Refused('unavailable', seen, { status, hint: DOWN, passing: true, retryAfterMs });
  }
  return new Refused('invalid', seen, { status, hint: HINTS.invalid ?? '' });
}

/** No answer came. */
export function unanswered(error: unknown): Refused {
  const tooLarge = inChain(error, (one) => one instanceof AnswerTooLarge);
  if (tooLarge) {
    return new Refused('too-large', tooLarge.message, { hint: HINTS['too-large'] ?? '', cause: tooLarge });
  }
  const late = inChain(error, (one) => one.name === 'TimeoutError');
  const cause = rootOf(error);
  const seen = late ? null : failureOf(cause, ADVICE);
  const refused = new Refused('unavailable', seen?.message ?? 'did not answer in time', {
    hint: seen?.hint ?? DOWN,
    passing: seen?.passing ?? true,
    cause,
  });
  return refused;
}

/** What must not be done twice is made again only where the host surely did not do it: it never got the request, or it
 *  asked to come again later. */
export function guarded(refused: Refused, { repeatable }: { repeatable: boolean }): Refused {
  const surelyNot = refused.status === 503 && refused.retryAfterMs !== undefined;
  if (repeatable || refused.failure !== 'unavailable' || surelyNot || neverArrived(refused.cause))
    return refused;
  return new Refused('unknown-outcome', `${refused.message}; it may have been done or not`, {
    hint: 'look whether it is there before asking again',
    status: refused.status,
    cause: refused.cause,
  });
}

/** GitHub has two: so many requests an hour, and a second one against bursts that it tells of in words.
 *  https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function rateLimit(answer: Answer, told: string, wallClock: number): Refused | null {
  const { status } = answer;
  if (status !== 403 && status !== 429) return null;
  const now = dateOf(answer, wallClock);
  const asked = retryAfter(header(answer, 'retry-after'), now);
  const used = header(answer, 'x-ratelimit-remaining') === '0';
  const secondary = /secondary rate limit|abuse detection/i.test(told);
  if (status === 403 && asked === undefined && !used && !secondary) return null;
  const reset = Number(header(answer, 'x-ratelimit-reset')) * 1_000;
  // One second more: the host's clock has whole ones.
  const untilReset = used && reset > 0 ? Math.max(0, reset - now) + 1_000 : undefined;
  const waitMs = asked ?? untilReset ?? UNTOLD_PAUSE_MS;
  const until = new Date(now + waitMs).toISOString();
  return new Refused('rate-limited', `wants no further request until ${until} (rate limit)`, {
    hint: `start it again after ${until}; nothing is lost`,
    status,
    passing: true,
    retryAfterMs: waitMs,
    until,
  });
}
const UNTOLD_PAUSE_MS = 60_000;

function noRight(answer: Answer, { told, context }: { told: string; context: RefusalContext }): Refused {
  const lacking = acceptedRights(header(answer, 'x-accepted-github-permissions'));
  const scopes = header(answer, 'x-accepted-oauth-scopes');
  const wanted = lacking ?? (scopes ? `a token with the scope ${scopes}` : null);
  const has = Object.entries(context.has ?? {}).map(([name, level]) => `${name}: ${level}`);
  const whatItHas = has.length > 0 ? ` (it has ${has.join(', ')})` : '';
  // What the plan does not offer is no matter of rights: then the host's own words count.
  const seen =
    wanted && !/upgrade to github/i.test(told)
      ? `answered 403: ${WHO[context.as]} lacks the right ${wanted}${whatItHas}`
      : `answered 403${told && `: ${told}`}`;
  return new Refused('no-right', seen, { status: 403, hint: RIGHTS[context.as] });
}

/** `issues=write,contents=read; pull_requests=write` → `issues: write and contents: read, or pull_requests: write` */
function acceptedRights(value: string | undefined): string | null {
  if (!value) return null;
  const sets = value.split(';').map((set) =>
    set
      .split(',')
      .map((one) => one.trim().replace('=', ': '))
      .filter((one) => one !== '')
      .join(' and '),
  );
  return sets.filter((set) => set !== '').join(', or ') || null;
}

const FAILURES: Record<number, GithubFailure> = {
  400: 'invalid',
  404: 'not-found',
  409: 'conflict',
  410: 'expired',
  413: 'too-large',
  422: 'invalid',
};

const DOWN = 'the Git host is away or too slow; nothing is lost, a later run tries again';
const ADVICE: Advice = {
  down: DOWN,
  unknownHost: 'check the spelling of GITHUB_API_URL, and the network',
  certificate: 'check GITHUB_API_URL; for a certificate of your own set NODE_EXTRA_CA_CERTS',
  other: 'check GITHUB_API_URL and what stands between here and there',
};
const HINTS: Partial<Record<GithubFailure, string>> = {
  'not-found': 'it is not there, or who asks may not see it: check owner, name and rights',
  conflict: 'somebody else was first: look at it and start again',
  expired: 'it was kept for a while and is gone: run the workflow again',
  'too-large': 'it is larger than what is taken; look at what made it',
  invalid: 'if this is no mistake of ours, the host has changed its API',
};
const WHO = { app: 'the App', token: 'the token', nobody: 'a request without a token' };
const UNAUTHORIZED = {
  app: 'check PERENNIAL_APP_ID and PERENNIAL_APP_PRIVATE_KEY, that the App is still installed, and this clock',
  token: 'the token is wrong or has ended: make a new one and set it (GITHUB_TOKEN or GH_TOKEN)',
  nobody: 'set GITHUB_TOKEN or GH_TOKEN',
};
const RIGHTS = {
  app: 'give the App this right in its settings, and accept it where it is installed',
  token: 'give the token this right; in a workflow: `permissions:` of its job',
  nobody: 'set GITHUB_TOKEN or GH_TOKEN',
};

const SHOWN_CHARACTERS = 300;

/** The host's own words, one line. */
function toldBy(data: unknown): string {
  if (typeof data === 'string') return /^\s*</.test(data) ? 'a web page' : line(data);
  if (typeof data !== 'object' || data === null || !('message' in data)) return '';
  const { message, errors } = data as { message: unknown; errors?: unknown };
  const details = Array.isArray(errors)
    ? errors.map((one) =>
        typeof one === 'object' && one && 'message' in one ? one.message : JSON.stringify(one),
      )
    : [];
  return line([message, ...details].filter((part) => typeof part === 'string').join('; '));
}

function line(text: string): string {
  const one = text.trim().replace(/\s+/g, ' ');
  return one.length > SHOWN_CHARACTERS ? `${one.slice(0, SHOWN_CHARACTERS)}…` : one;
}

function header({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : String(value);
}

/** By the host's own clock: the limits are told in it. */
function dateOf(answer: Answer, now: number): number {
  const date = Date.parse(header(answer, 'date') ?? '');
  return Number.isNaN(date) ? now : date;
}

function inChain(error: unknown, is: (one: Error) => boolean): Error | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (is(at)) return at;
  return null;
}

/** What Octokit wrapped: its own error holds the request. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && 'request' in error ? (error.cause ?? new Error(error.message)) : error;
}
