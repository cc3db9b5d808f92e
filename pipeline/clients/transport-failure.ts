import { AttemptError, retryAfter } from './retry.ts';

const DOWN = 'the portal cannot be reached; nothing was touched, the next scheduled run tries again';

/** What went wrong below HTTP, in words; only what is listed here may pass. */
const PASSING: Record<string, string> = {
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'broke the connection off',
  EPIPE: 'broke the connection off',
  ETIMEDOUT: 'cannot be reached in time',
  EHOSTUNREACH: 'cannot be reached: no route to the host',
  ENETUNREACH: 'cannot be reached: no network',
  ENETDOWN: 'cannot be reached: no network',
  EAI_AGAIN: 'cannot be looked up: the name server does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'time-out before the connection stood',
  UND_ERR_HEADERS_TIMEOUT: 'time-out before the answer began',
  UND_ERR_BODY_TIMEOUT: 'time-out in the middle of the body',
  UND_ERR_SOCKET: 'broke the connection off before the body was whole',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'sent a body that is not as long as announced',
  UND_ERR_CLOSED: 'closed the connection',
  Z_BUF_ERROR: 'sent a body that ends in the middle of its compression',
};

const LASTING: Record<string, [seen: string, hint: string]> = {
  ENOTFOUND: ['has no such host', 'check the spelling of the address in `source.urls`, and the network'],
};

/** @returns the same failure as an attempt that may, or may not, be made again */
export function failureOf(error: unknown): AttemptError {
  if (error instanceof AttemptError) return error;
  const code = codeOf(error);
  const passing = PASSING[code];
  if (passing !== undefined) return new AttemptError(passing, { passing: true, hint: DOWN, cause: error });
  const [seen, hint] = LASTING[code] ?? unknownFailure(code, error);
  return new AttemptError(seen, { passing: false, hint, cause: error });
}

/** What a status other than success means for the attempt. */
export function refusal(status: number, headers: Record<string, string>, now: number): AttemptError {
  return new AttemptError(`answered ${status}, expected 200`, {
    passing: passes(status),
    hint: hintFor(status),
    retryAfterMs: status === 429 || status === 503 ? retryAfter(headers['retry-after'], now) : undefined,
  });
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'the portal wants a key, or does not know this one: see `source.key` in params.yaml';
  if (status === 404 || status === 410)
    return 'the file has moved: find its new address on the portal and put it into `source.urls`';
  if (status === 429)
    return 'the portal wants fewer requests: lower `source.max_requests_per_minute`, or wait';
  if (status >= 500 || status === 408)
    return 'the portal is down; nothing was touched, the next scheduled run tries again';
  return 'open the address in a browser and see what it says; correct `source.urls` in params.yaml';
}

/** @returns whether a status says "later" rather than "no" */
function passes(status: number): boolean {
  return (
    status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
  );
}

function unknownFailure(code: string, error: unknown): [string, string] {
  const message = error instanceof Error ? error.message : String(error);
  if (/CERT|TLS|SSL|SELF_SIGNED|VERIFY|EPROTO/.test(code)) {
    return [
      `TLS fails: ${message}`,
      'check the address; a certificate that ran out is for the portal to renew',
    ];
  }
  return [`cannot be read: ${code} ${message}`.trim(), 'open the address in a browser and see what it says'];
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
  }
  return '';
}
