import { setTimeout as wait } from 'node:timers/promises';

/** Waiting, chance and a clock that only goes forward; tests bring their own. */
export interface Timing {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
  /** Milliseconds since some moment. */
  elapsed(): number;
}

export const realTiming: Timing = {
  sleep: async (ms, signal) => {
    await wait(ms, undefined, { signal });
  },
  random: Math.random,
  elapsed: () => performance.now(),
};

/** One attempt that failed. */
export class AttemptError extends Error {
  /** May the same request succeed a little later? */
  readonly passing: boolean;
  readonly hint: string;
  /** How long the other side asked to be left alone. */
  readonly retryAfterMs?: number;

  constructor(
    seen: string,
    details: { passing: boolean; hint: string; retryAfterMs?: number; cause?: unknown },
  ) {
    super(seen, { cause: details.cause });
    this.name = 'AttemptError';
    this.passing = details.passing;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface RetryOptions {
  /** Attempts after the first. */
  retries: number;
  timing: Timing;
  signal?: AbortSignal;
  /** A server that asks for a longer pause than this is not waited for. */
  maxRetryAfterMs?: number;
  onWait?: (failure: AttemptError, attempt: number, waitMs: number) => void;
}

const BASE_MS = 1_000;
const CAP_MS = 30_000;
const MAX_RETRY_AFTER_MS = 120_000;

/** Tries again what may pass: exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015),
 *  never before the server's own Retry-After.
 *  @throws the last AttemptError, and how many attempts were made */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const maxRetryAfterMs = options.maxRetryAfterMs ?? MAX_RETRY_AFTER_MS;
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AttemptError)) throw error;
      const asked = error.retryAfterMs ?? 0;
      if (!error.passing || attempts > options.retries || asked > maxRetryAfterMs) {
        throw new GaveUp(error, attempts);
      }
      const backoff = options.timing.random() * Math.min(CAP_MS, BASE_MS * 2 ** (attempts - 1));
      const waitMs = Math.max(asked, backoff);
      options.onWait?.(error, attempts, waitMs);
      await options.timing.sleep(waitMs, options.signal);
    }
  }
}

/** The last failure, and how many attempts it took to believe it. */
export class GaveUp extends Error {
  readonly failure: AttemptError;
  readonly attempts: number;
  constructor(failure: AttemptError, attempts: number) {
    super(failure.message, { cause: failure });
    this.name = 'GaveUp';
    this.failure = failure;
    this.attempts = attempts;
  }
}

/** @param value seconds or an HTTP date (RFC 9110, 10.2.3)
 *  @returns milliseconds from now, undefined where the header is absent or unreadable */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const moment = Date.parse(value);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}
