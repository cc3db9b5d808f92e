import { getOctokit } from '@actions/github';
import type { Logger } from 'pino';
import { type ZodType, z } from 'zod';
import type { GithubHome } from '../../contracts/github.ts';
import { redact } from '../redact.ts';
import { GaveUp, realTiming, retrying, type Timing } from '../retry.ts';
import { type Actor, credentialsOf } from './credentials.ts';
import { GithubError, hasFailed } from './github-error.ts';
import { type Answer, guarded, Refused, refusalOf, unanswered } from './refusals.ts';
import { wireTo } from './wire.ts';

export interface AskOptions {
  /** Ends every request and every pause at once, with a GithubError `cancelled`. */
  signal?: AbortSignal;
  log?: Logger;
  now?: () => Date;
  /** Is told each token that was made, before it is used: from then on no line may hold it. */
  withhold?: (values: readonly string[]) => void;
  timing?: Timing;
  /** For `https_proxy` and its like. */
  env?: NodeJS.ProcessEnv;
}

/** One request, before it is sent. */
export interface Asked {
  /** As GitHub's description writes it: `GET /repos/{owner}/{repo}/pulls`; owner and repo are filled in. */
  route: string;
  params?: Record<string, unknown>;
  /** What is asked for, in the words of a message: `pull request 12`. */
  about: string;
  /** Does the same request, made twice, leave what it leaves when made once? Default: all but POST. */
  repeatable?: boolean;
  actor?: Actor;
  /** Of the body, where that is no JSON (`params.data`), and of the answer. */
  contentType?: string;
  accept?: string;
}

export interface Ask {
  /** @throws GithubError */
  <T>(asked: Asked, answer: ZodType<T>): Promise<T>;
  /** Null where the host has no such thing. */
  orNull<T>(asked: Asked, answer: ZodType<T>): Promise<T | null>;
  /** All pages. @param items where they stand in the answer; undefined: it is the list itself */
  pages<T>(asked: Asked, item: ZodType<T>, items?: string): Promise<T[]>;
  /** The answer as it came; a redirection is one. */
  answer(asked: Asked): Promise<Answer>;
  /** A file behind an address that the host signed. @throws GithubError */
  file(url: string, options: { maxBytes: number; about: string }): Promise<Uint8Array>;
  token(): Promise<string | null>;
  requests(): number;
}

/** More than this is no list that anybody reads. */
const MAX_PAGES = 100;
const PER_PAGE = 100;

/** Requests about one repository: made again where that is safe, each refusal a GithubError.
 *
 *  Octokit builds addresses and reads answers; its plugins for throttling and retries are not used: they would make a
 *  POST again that may have been done, know no Retry-After of a 503, cannot be cancelled while they wait, and hold every
 *  second write of a judgement back for a second. */
export function asker(home: GithubHome, options: AskOptions = {}): Ask {
  const { signal, log, now = () => new Date(), timing = realTiming, env = process.env } = options;
  const wire = wireTo(home, { signal, env });
  const octokit = getOctokit('', {
    auth: 'given with each request',
    authStrategy: () => NO_STRATEGY,
    baseUrl: home.apiUrl,
    userAgent: 'perennial',
    request: { fetch: wire.fetch },
    log: SILENT,
  });
  const credentials = credentialsOf(home, { request: octokit.request, withhold: options.withhold });
  const clean = (text: string) => redact(text, credentials.secrets());

  async function attempt(asked: Asked): Promise<Answer> {
    if (signal?.aborted) throw signal.reason;
    const { repeatable = !asked.route.startsWith('POST ') } = asked;
    // Made apart from the request, for it may always be made again.
    const authorization = await credentials.header(asked.actor ?? 'home').catch((error: unknown) => {
      throw signal?.aborted ? error : refused(error);
    });
    try {
      return await octokit.request(asked.route, {
        // Where the address has no place for them they would be sent as a query or in the body.
        ...(asked.route.includes('{owner}') && { owner: home.owner, repo: home.name }),
        ...asked.params,
        headers: {
          'x-github-api-version': API_VERSION,
          ...(authorization && { authorization }),
          ...(asked.contentType && { 'content-type': asked.contentType }),
          ...(asked.accept && { accept: asked.accept }),
        },
        request: { redirect: 'manual' },
      });
    } catch (error) {
      throw signal?.aborted ? error : guarded(refused(error), { repeatable });
    }
  }

  function refused(error: unknown): Refused {
    const { response } = error as { response?: Answer };
    if (!response) return unanswered(error);
    return refusalOf(response, {
      now: now().getTime(),
      has: credentials.rights(),
      freshToken: credentials.isFresh(),
      as: home.as.kind,
    });
  }

  async function repeating<T>(about: string, once: () => Promise<T>): Promise<T> {
    const where = `${home.owner}/${home.name} at ${new URL(home.apiUrl).host}: ${about}`;
    try {
      return await retrying(once, {
        retries: home.retries,
        timing,
        signal,
        maxRetryAfterMs: home.longestWaitMs,
        onWait: (failure, _attempt, waitMs) =>
          log?.warn({ about, waitMs: Math.round(waitMs) }, clean(failure.message)),
      });
    } catch (error) {
      if (signal?.aborted) throw cancelled(where, signal);
      if (!(error instanceof GaveUp) || !(error.failure instanceof Refused)) throw error;
      throw errorOf(error.failure, { where, attempts: error.attempts, clean });
    }
  }

  /** A repository that was renamed answers so; to follow is safe only on the same host. */
  async function following(asked: Asked): Promise<Answer> {
    const answer = await attempt(asked);
    if (answer.status < 300) return answer;
    const to = String(answer.headers.location ?? '');
    const there = URL.canParse(to) ? new URL(to) : null;
    if (there?.origin !== new URL(home.apiUrl).origin) {
      throw new Refused('invalid', `answered ${answer.status} and points elsewhere`, {
        status: answer.status,
        hint: 'check GITHUB_API_URL; a log-in page or a proxy may stand in front of it',
      });
    }
    const [method] = asked.route.split(' ');
    return attempt({ ...asked, route: `${method} ${there.href}`, params: bodyOf(asked) });
  }

  const ask = async <T>(asked: Asked, schema: ZodType<T>): Promise<T> =>
    parsed(await repeating(asked.about, () => following(asked)), schema, asked.about);

  return Object.assign(ask, {
    async orNull<T>(asked: Asked, schema: ZodType<T>): Promise<T | null> {
      try {
        return await ask(asked, schema);
      } catch (error) {
        if (hasFailed(error, 'not-found')) return null;
        throw error;
      }
    },
    async pages<T>(asked: Asked, item: ZodType<T>, items?: string): Promise<T[]> {
      const list = z.array(item);
      const all: T[] = [];
      for (let page = 1; page <= MAX_PAGES; page++) {
        const params = { per_page: PER_PAGE, ...asked.params, page };
        const answer = await repeating(asked.about, () => following({ ...asked, params }));
        if (items === undefined) all.push(...parsed(answer, list, asked.about));
        else all.push(...(parsed(answer, z.object({ [items]: list }), asked.about)[items] as T[]));
        if (!/rel="next"/.test(String(answer.headers.link ?? ''))) return all;
      }
      throw new GithubError('too-large', `${asked.about}: more than ${MAX_PAGES * PER_PAGE} of them`, {
        hint: 'tidy up on the host; nobody reads so many',
      });
    },
    answer: (asked: Asked) => repeating(asked.about, () => attempt(asked)),
    file: (url: string, { maxBytes, about }: { maxBytes: number; about: string }) =>
      repeating(about, async () => {
        const { status, body } = await wire.file(url, { maxBytes }).catch((error: unknown) => {
          throw signal?.aborted ? error : unanswered(error);
        });
        if (status === 200) return body;
        throw storeRefused(status);
      }),
    token: () => repeating('a token for git', tokenOnce),
    requests: () => wire.attempts(),
  });

  async function tokenOnce(): Promise<string | null> {
    return credentials.token().catch((error: unknown) => {
      throw signal?.aborted ? error : refused(error);
    });
  }
}

/** The store behind a signed address: it knows nothing of our rights, only of its own signature. */
function storeRefused(status: number): Refused {
  const passing = status === 429 || status >= 500;
  return new Refused(passing ? 'unavailable' : 'expired', `the store of artifacts answered ${status}`, {
    status,
    passing,
    hint: passing ? 'a later run tries again' : 'run the workflow again: it makes the artifact anew',
  });
}

const API_VERSION = '2022-11-28';
/** The header is set with each request, for one client acts as the App, as its installation and as nobody. */
const NO_STRATEGY = Object.assign(async () => ({ type: 'unauthenticated' as const }), {
  hook: (request: (options: unknown) => unknown, options: unknown) => request(options),
});
const silent = () => {};
/** Octokit warns on the console of each deprecation; our output is not its. */
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

function bodyOf({ route, params }: Asked): Record<string, unknown> {
  const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  // The address that it points to has the query already.
  if (route.startsWith('GET ')) return {};
  return Object.fromEntries(Object.entries(params ?? {}).filter(([name]) => !inPath.includes(name)));
}

function parsed<T>(answer: Answer, schema: ZodType<T>, about: string): T {
  const read = schema.safeParse(answer.data === '' ? undefined : answer.data);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const problem = `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`;
  throw new GithubError(
    'invalid',
    `${about}: the host answered something else than GitHub does (${problem})`,
    {
      status: answer.status,
      hint: 'check GITHUB_API_URL; a proxy or another kind of host may answer there',
    },
  );
}

function cancelled(where: string, signal: AbortSignal): GithubError {
  return new GithubError('cancelled', `${where}: cancelled`, {
    hint: 'start it again',
    cause: signal.reason,
  });
}

function errorOf(
  refused: Refused,
  told: { where: string; attempts: number; clean: (text: string) => string },
): GithubError {
  const tries = told.attempts === 1 ? '' : ` (${told.attempts} attempts)`;
  return new GithubError(refused.failure, told.clean(`${told.where}: ${refused.message}${tries}`), {
    hint: told.clean(refused.hint),
    status: refused.status,
    until: refused.until,
    cause: refused.cause,
    facts: { status: refused.status, attempts: told.attempts },
  });
}
