import { type ErrorDetails, EXIT, PerennialError } from '../../contracts/errors.ts';

/** What a refusal means for the caller. */
export type MlflowFailure =
  /** 401: no, wrong or expired credentials. */
  | 'unauthenticated'
  /** 403: known, but not allowed. */
  | 'forbidden'
  | 'not-found'
  /** The name is taken. */
  | 'exists'
  /** A parameter that is written already, with another value. */
  | 'conflict'
  /** The server does not take what was sent, or we refuse to send it. */
  | 'invalid'
  /** Full disk, too large, too many requests for longer than we wait. */
  | 'exhausted'
  /** Not reached, reset, timed out, 5xx: it may be there later. */
  | 'unavailable'
  /** Something answers there, but no MLflow server. */
  | 'not-mlflow'
  /** Sent, and no answer came: it may have been done or not. */
  | 'unknown-outcome'
  | 'cancelled';

const EXITS: Partial<Record<MlflowFailure, ErrorDetails['exitCode']>> = {
  unauthenticated: EXIT.usage,
  forbidden: EXIT.usage,
  'not-mlflow': EXIT.usage,
  exhausted: EXIT.upstreamDown,
  unavailable: EXIT.upstreamDown,
  'unknown-outcome': EXIT.upstreamDown,
};

/** A refusal of the tracking server, or of ours before sending. */
export class MlflowError extends PerennialError {
  constructor(
    readonly failure: MlflowFailure,
    message: string,
    details: ErrorDetails & {
      /** HTTP status, where one came. */
      status?: number;
      /** MLflow's own `error_code`, where one came. */
      code?: string;
    } = {},
  ) {
    super(message, { exitCode: EXITS[failure] ?? EXIT.unexpected, ...details });
    this.status = details.status;
    this.code = details.code;
  }
  readonly status?: number;
  readonly code?: string;
}
