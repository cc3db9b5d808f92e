import { AttemptError, retryAfter } from './retry.ts';

/** What to do about it, which depends on who was asked. */
export interface Advice {
  /** Down, or too slow. */
  down: string;
  unknownHost: string;
  certificate: string;
  other: string;
}

const PORTAL: Advice = {
  down: 'the portal cannot be reached; nothing was touched, the next scheduled run tries again',
  unknownHost: 'check the spelling of the address in `source.urls`, and the network',
  certificate: 'check the address; a certificate that ran out is for the portal to renew',
  other: 'open the address in a browser and see what it says',
};

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

/** @returns the same failure as an attempt that may, or may not, be made again */
export function failureOf(error: unknown, advice: Advice = PORTAL): AttemptError {
  if (error instanceof AttemptError) return error;
  const code = codeOf(error);
  const passing = PASSING[code];
  if (passing !== undefined) {
    return new AttemptError(passing, { passing: true, hint: advice.down, cause: error });
  }
  const [seen, hint] = lasting(code, error, advice);
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

/** Whether the connection never stood: then nothing of the request has arrived. */
export function neverArrived(error: unknown): boolean {
  const code = codeOf(error);
  return BEFORE_THE_CONNECTION.test(code) || (code === 'ETIMEDOUT' && syscallOf(error) === 'connect');
}

const BEFORE_THE_CONNECTION =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)$|CERT|SELF_SIGNED|VERIFY/;

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
export function passes(status: number): boolean {
  return (
    status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
  );
}

function lasting(code: string, error: unknown, advice: Advice): [seen: string, hint: string] {
  if (code === 'ENOTFOUND') return ['has no such host', advice.unknownHost];
  const message = error instanceof Error ? error.message : String(error);
  if (/CERT|TLS|SSL|SELF_SIGNED|VERIFY|EPROTO/.test(code))
    return [`TLS fails: ${message}`, advice.certificate];
  return [`cannot be read: ${code} ${message}`.trim(), advice.other];
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
  }
  return '';
}

function syscallOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { syscall } = at as NodeJS.ErrnoException;
    if (typeof syscall === 'string') return syscall;
  }
  return '';
}
