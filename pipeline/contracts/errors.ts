/** Exit codes of `perennial`, one meaning each; README lists them. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  upstreamDown: 3,
  gateFailed: 4,
  locked: 5,
  corrupt: 6,
  setup: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails {
  /** What to do next, one sentence a person can follow. */
  hint?: string;
  exitCode?: ExitCode;
  cause?: unknown;
  /** Facts for the structured log; never a secret. */
  facts?: Record<string, unknown>;
}

/** An error that says what was seen, what was expected and what to do next. */
export class PerennialError extends Error {
  readonly hint?: string;
  readonly exitCode: ExitCode;
  readonly facts: Record<string, unknown>;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? EXIT.unexpected;
    this.facts = details.facts ?? {};
  }
}

/** The call or `params.yaml` asks for something that cannot be. */
export class UsageError extends PerennialError {
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { exitCode: EXIT.usage, ...details });
  }
}

/** The source cannot be reached or does not answer with data; nothing was touched. */
export class UpstreamError extends PerennialError {
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { exitCode: EXIT.upstreamDown, ...details });
  }
}

/** The gate stopped the run; the report lists every reason. */
export class GateError extends PerennialError {
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { exitCode: EXIT.gateFailed, ...details });
  }
}

/** A file of ours is not what its hash or its schema says. */
export class CorruptError extends PerennialError {
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { exitCode: EXIT.corrupt, ...details });
  }
}

/** Another run holds the workspace. */
export class LockedError extends PerennialError {
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { exitCode: EXIT.locked, ...details });
  }
}

/** Somebody else moved first: an alias is not where the caller believed it to be. */
export class ConflictError extends PerennialError {}
