/** What goes wrong with a request, on demand of a test. */
export interface FaultOrder {
  /** Default: every method. */
  method?: string;
  /** Path below the API's address, without its query; text: its start. Default: every path. */
  path?: string | RegExp;
  /** Default 1; may be Infinity. */
  times?: number;
  /** Requests that still pass before. */
  after?: number;
  /** Answers with this status instead. */
  status?: number;
  /** With the status; default: what GitHub says there. */
  body?: unknown;
  headers?: Record<string, string>;
  /** `primary`: 403, nothing left until `x-ratelimit-reset`; `secondary`: 403 with `retry-after`. */
  limit?: 'primary' | 'secondary';
  /** Of `limit`; default 1. */
  seconds?: number;
  /** Answers after this time. */
  slowMs?: number;
  /** Cuts the connection: before anything was done, or after it was done and before its answer. */
  cut?: 'before' | 'after';
}

export interface Fault extends FaultOrder {
  left: number;
  skip: number;
}

export class Faults {
  readonly #orders: Fault[] = [];

  add(order: FaultOrder): void {
    this.#orders.push({ ...order, left: order.times ?? 1, skip: order.after ?? 0 });
  }

  clear(): void {
    this.#orders.length = 0;
  }

  /** Those that meet a request, used up by it. */
  of(method: string, path: string): Fault[] {
    return this.#orders.filter((order) => {
      if (
        order.left <= 0 ||
        (order.method && order.method.toUpperCase() !== method) ||
        !meets(order.path, path)
      )
        return false;
      if (order.skip > 0) {
        order.skip--;
        return false;
      }
      order.left--;
      return true;
    });
  }
}

function meets(wanted: string | RegExp | undefined, path: string): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? path.startsWith(wanted) : wanted.test(path);
}

/** Status, headers and body of an answer that a fault gives; null: it gives none. */
export function answerOf(
  fault: Fault,
  nowMs: number,
): { status: number; headers: Record<string, string>; body: unknown } | null {
  const seconds = fault.seconds ?? 1;
  if (fault.limit === 'primary') {
    const reset = String(Math.ceil(nowMs / 1000) + seconds);
    return {
      status: fault.status ?? 403,
      headers: {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-used': '5000',
        'x-ratelimit-reset': reset,
        'x-ratelimit-resource': 'core',
      },
      body: {
        message: 'API rate limit exceeded for installation.',
        documentation_url: 'https://docs.github.com/rest/rate-limit',
      },
    };
  }
  if (fault.limit === 'secondary') {
    return {
      status: fault.status ?? 403,
      headers: { 'retry-after': String(seconds) },
      body: {
        message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        documentation_url:
          'https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
      },
    };
  }
  if (fault.status === undefined) return null;
  return {
    status: fault.status,
    headers: fault.headers ?? {},
    body: fault.body ?? { message: WORDS[fault.status] ?? 'Server Error' },
  };
}

const WORDS: Record<number, string> = {
  401: 'Bad credentials',
  403: 'Resource not accessible by integration',
  404: 'Not Found',
  422: 'Validation Failed',
  502: 'Server Error',
  503: 'Service Unavailable',
};
