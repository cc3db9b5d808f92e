import { type ErrorDetails, EXIT, PerennialError } from '../../contracts/errors.ts';

/** What a refusal means for the caller. */
export type GithubFailure =
  /** 401: no, wrong or expired credentials. */
  | 'unauthorized'
  /** 403: known, but not allowed; the message says which right is lacking. */
  | 'no-right'
  /** For longer than is waited; the message says until when. */
  | 'rate-limited'
  | 'not-found'
  /** Somebody else was first, or it is there already. */
  | 'conflict'
  /** The host does not take what was sent, or answered something else than it should. */
  | 'invalid'
  /** 410: it was there and is gone. */
  | 'expired'
  | 'too-large'
  /** Not reached, reset, timed out, 5xx: it may be there later. */
  | 'unavailable'
  /** Sent, and no answer came: it may have been done or not. */
  | 'unknown-outcome'
  | 'cancelled';

const EXITS: Partial<Record<GithubFailure, ErrorDetails['exitCode']>> = {
  unauthorized: EXIT.usage,
  'no-right': EXIT.usage,
  'rate-limited': EXIT.upstreamDown,
  unavailable: EXIT.upstreamDown,
  'unknown-outcome': EXIT.upstreamDown,
};

/** A refusal of the Git host. */
export class GithubError extends PerennialError {
  readonly status?: number;
  /** When a rate limit ends, ISO 8601. */
  readonly until?: string;
  constructor(
    readonly failure: GithubFailure,
    message: string,
    details: ErrorDetails & { status?: number; until?: string } = {},
  ) {
    super(message, { exitCode: EXITS[failure] ?? EXIT.unexpected, ...details });
    this.status = details.status;
    this.until = details.until;
  }
}

export function hasFailed(error: unknown, ...failures: GithubFailure[]): error is GithubError {
  return error instanceof GithubError && failures.includes(error.failure);
}
