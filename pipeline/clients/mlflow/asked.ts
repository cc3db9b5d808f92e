import type { ZodType } from 'zod';

/** One request, before it is sent. */
export interface Asked {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  /** Below the server's address, with a slash in front; percent-encoded. */
  path: string;
  query?: Record<string, string | number | undefined>;
  json?: unknown;
  bytes?: Uint8Array;
  /** What is asked for, in the words of a message: `the experiment "infections"`. */
  about: string;
  /** Does the same request, made twice, leave what it leaves when made once? */
  repeatable: boolean;
  /** Of the answer. */
  maxBytes?: number;
  /** The body or the answer is a file: that may take longer. */
  file?: boolean;
  onAttempt?: () => void;
}

/** What every group of endpoints is built on. */
export interface Ask {
  /** @returns the answer, parsed. @throws MlflowError */
  <T>(asked: Asked, answer: ZodType<T>): Promise<T>;
  bytes(asked: Asked): Promise<Uint8Array>;
}

/** Below the address. */
export const API = '/api/2.0/mlflow';
export const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts';

export const get = (
  path: string,
  query: Asked['query'],
  rest: { about: string; maxBytes?: number },
): Asked => ({
  method: 'GET',
  path: `${API}/${path}`,
  query,
  repeatable: true,
  ...rest,
});

/** A write (or a search) that may be made twice. */
export const write = (
  path: string,
  json: unknown,
  rest: { about: string; method?: Asked['method'] },
): Asked => ({
  method: 'POST',
  path: `${API}/${path}`,
  json,
  repeatable: true,
  ...rest,
});

/** Made twice it would leave two, or be refused the second time. */
export const create = (path: string, json: unknown, rest: { about: string }): Asked => ({
  ...write(path, json, rest),
  repeatable: false,
});
