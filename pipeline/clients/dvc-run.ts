import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { z } from 'zod';
import type { RemoteHome } from '../contracts/homes.ts';
import { REPOSITORY } from '../workspace.ts';
import { DvcError, readFailure } from './dvc-error.ts';
import { runGroup } from './process-group.ts';
import { redact } from './redact.ts';

export interface DvcOptions {
  /** The DVC repository; commands run there. */
  root: string;
  /** Where push and pull go, where a call does not say. */
  remote?: RemoteHome;
  signal?: AbortSignal;
  /** Each line that DVC and its stages write, as it comes. */
  onLine?(line: string): void;
  /** Added to the environment of DVC and of its stages. */
  env?: Record<string, string>;
  /** Replaces the limit of each command. */
  timeoutMs?: number;
  /** Values that no line and no error may show. */
  secrets?: readonly string[];
}

export interface DvcResult {
  stdout: string;
  /** Both streams in the order of writing. */
  output: string;
}

/** The DVC that set-up installed; elsewhere (an image, a workflow) the one on the path. */
export function dvcBinary(repository = REPOSITORY): string {
  const own = join(repository, '.venv', 'bin', 'dvc');
  return existsSync(own) ? own : 'dvc';
}

/** Runs DVC to its end.
 *  @param explain knows this command's failures better than its exit code; gets DVC's words with all secrets in them
 *  @throws DvcError */
export async function runDvc(
  args: string[],
  timeoutMs: number,
  options: DvcOptions,
  explain: (output: string) => DvcError | null = () => null,
): Promise<DvcResult> {
  const { onLine, secrets = [] } = options;
  const clean = (text: string) => redact(text, secrets);
  const limitMs = options.timeoutMs ?? timeoutMs;
  const result = await runGroup(dvcBinary(), args, {
    cwd: options.root,
    env: { ...environment(), ...options.env },
    timeoutMs: limitMs,
    signal: options.signal,
    onLine: onLine && ((line) => onLine(clean(line))),
  });
  const command = `dvc ${args.join(' ')}`;
  if (result.ended === 'cancelled') throw new DvcError('cancelled', `${command} was cancelled`);
  if (result.ended === 'time-out') {
    throw new DvcError(
      'time-out',
      `${command} took longer than ${Math.round(limitMs / 1000)} s and was ended`,
      {
        hint: 'what was finished is kept: start again to go on',
      },
    );
  }
  if (result.ended === 'not-found') {
    throw new DvcError('no-dvc', 'DVC is not installed', { hint: 'run `npm run setup`' });
  }
  if (result.exitCode !== 0)
    throw explain(result.output) ?? readFailure(args, result.exitCode, clean(result.output));
  return result;
}

/** Git's own variables (set inside a hook) would point DVC at another repository. */
export function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: [join(REPOSITORY, '.venv', 'bin'), process.env.PATH].join(delimiter),
    DVC_NO_ANALYTICS: '1',
    // Otherwise its lines reach a pipe only at the end.
    PYTHONUNBUFFERED: '1',
  };
}

/** An answer of DVC in JSON. @throws DvcError */
export function parseAnswer<T extends z.ZodType>(schema: T, text: string, what: string): z.output<T> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DvcError(
      'failed',
      `${what} answered with something else than its JSON: ${text.slice(0, 200)}`,
      {
        cause,
        hint: 'DVC 3 is expected; `npm run setup` installs it',
      },
    );
  }
}
