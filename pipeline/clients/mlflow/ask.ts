import type { ZodType } from 'zod';
import type { PerennialError } from '../../contracts/errors.ts';
import type { MlflowHome } from '../../contracts/homes.ts';
import { mlflowSecrets } from '../home-secrets.ts';
import { redact } from '../redact.ts';
import { type AttemptError, GaveUp, realTiming, retrying, type Timing } from '../retry.ts';
import { type Advice, failureOf, neverArrived } from '../transport-failure.ts';
import type { Ask, Asked } from './asked.ts';
import { DOWN } from './hints.ts';
import { parseJson } from './json.ts';
import { lanes } from './lanes.ts';
import { MlflowError } from './mlflow-error.ts';
import { notMlflow, proxyRefused, Refused, refusalOf } from './refusals.ts';
import { AnswerTooLarge, LANES, type Reply, wireTo } from './wire.ts';

export interface AskOptions {
  signal?: AbortSignal;
  timing?: Timing;
  /** Before each attempt; what it throws goes to the caller as it is. */
  beforeRequest?: (method: string, path: string) => void | Promise<void>;
  onWait?: (seen: string, waitMs: number) => void;
  /** For `https_proxy` and its like. */
  env?: Record<string, string | undefined>;
}

/** Requests to one server: made again where that is safe, each refusal an MlflowError. */
export function asker(home: MlflowHome, options: AskOptions): Ask & { close(): Promise<void> } {
  const wire = wireTo(home, options.env ?? process.env);
  const turn = lanes(LANES);
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  const secrets = mlflowSecrets(home);
  const credentials = home.token ? 'token' : secrets.length > 0 ? 'password' : 'none';
  const clean = (text: string) => redact(text, secrets);

  const attempt = (asked: Asked) =>
    turn(async () => {
      if (signal.aborted) throw signal.reason;
      await options.beforeRequest?.(asked.method, asked.path);
      asked.onAttempt?.();
      const reply = await wire.send(asked, signal).catch((error: unknown) => {
        throw signal.aborted ? error : unanswered(error, asked);
      });
      if (reply.status >= 200 && reply.status < 300) return reply;
      throw guarded(refusalOf(reply, { asked, credentials, now: Date.now() }), asked);
    });

  /** @param read makes a Refused of an answer that is none */
  async function repeating<T>(asked: Asked, read: (reply: Reply) => T): Promise<T> {
    const where = `MLflow at ${home.url}: ${asked.about}`;
    try {
      return await retrying(async () => read(await attempt(asked)), {
        retries: home.retries,
        timing: options.timing ?? realTiming,
        signal,
        onWait: (failure, _attempt, waitMs) => options.onWait?.(clean(failure.message), waitMs),
      });
    } catch (error) {
      if (signal.aborted) {
        throw new MlflowError('cancelled', `${where}: cancelled`, {
          hint: 'start it again: nothing of what was done is lost',
          cause: signal.reason,
        });
      }
      if (!(error instanceof GaveUp) || !(error.failure instanceof Refused)) throw error;
      throw errorOf(error.failure, { where, attempts: error.attempts, clean });
    }
  }

  const json = <T>(asked: Asked, answer: ZodType<T>): Promise<T> =>
    repeating(asked, (reply) => {
      const parsed = parsedOr(() => guarded(notMlflow(reply, 'JSON'), asked), reply);
      const read = answer.safeParse(parsed);
      if (read.success) return read.data;
      const [issue] = read.error.issues;
      const problem = `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`;
      throw new Refused('not-mlflow', `answered something else than MLflow does (${problem})`, {
        status: reply.status,
        hint: 'check MLFLOW_TRACKING_URI; if it is an MLflow server, its version is not known here',
      });
    });
  return Object.assign(json, {
    bytes: (asked: Asked): Promise<Uint8Array> => repeating(asked, (reply) => reply.body),
    close(): Promise<void> {
      closing.abort(new Error('closed'));
      return wire.close();
    },
  });
}

const ADVICE: Advice = {
  down: DOWN,
  unknownHost: 'check the spelling of MLFLOW_TRACKING_URI, and the network',
  certificate:
    "check the address; for a certificate of your own set NODE_EXTRA_CA_CERTS (or MLFLOW_TRACKING_INSECURE_TLS=true where that's safe)",
  other: 'check MLFLOW_TRACKING_URI and what stands between here and there',
};

/** No answer came. */
function unanswered(error: unknown, asked: Asked): Refused {
  if (error instanceof AnswerTooLarge) {
    return new Refused('exhausted', `answered with ${error.message}`, {
      hint: 'ask for less at once',
      cause: error,
    });
  }
  const proxy = error instanceof Error && /Proxy response \((\d+)\)/.exec(error.message);
  if (proxy) return proxyRefused(Number(proxy[1]), error);
  const late = error instanceof Error && error.name === 'TimeoutError';
  const seen = late ? null : failureOf(error, ADVICE);
  const refused = new Refused('unavailable', seen?.message ?? 'did not finish its answer in time', {
    hint: seen?.hint ?? DOWN,
    passing: seen?.passing ?? true,
    cause: error,
  });
  return neverArrived(error) ? refused : guarded(refused, asked);
}

/** What must not be done twice is made again only where the server surely did not do it: it never got the request, or
 *  it asked to come again later. */
function guarded(refused: Refused, asked: Asked): Refused {
  const { status, retryAfterMs } = refused;
  const surelyNot = status === 429 || (status === 503 && retryAfterMs !== undefined);
  if (asked.repeatable || surelyNot || refused.failure !== 'unavailable') return refused;
  return new Refused('unknown-outcome', `${refused.message}; it may have been done or not`, {
    hint: 'look whether it is there before asking again',
    status,
    code: refused.code,
    cause: refused.cause,
  });
}

function parsedOr(failure: () => AttemptError, { body }: Reply): unknown {
  try {
    return parseJson(body.toString());
  } catch {
    throw failure();
  }
}

function errorOf(
  refused: Refused,
  told: { where: string; attempts: number; clean: (text: string) => string },
): PerennialError {
  const tries = told.attempts === 1 ? '' : ` (${told.attempts} attempts)`;
  return new MlflowError(refused.failure, told.clean(`${told.where}: ${refused.message}${tries}`), {
    hint: told.clean(refused.hint),
    status: refused.status,
    code: refused.code,
    cause: refused.cause,
    facts: {
      status: refused.status,
      code: refused.code,
      attempts: told.attempts,
      limit: refused.limit,
    },
  });
}
