import { EXIT, PerennialError } from '../contracts/errors.ts';
import { type GroupResult, runGroup } from './process-group.ts';
import { redact } from './redact.ts';

export interface DockerOptions {
  signal?: AbortSignal;
  /** Each line that Docker writes, as it comes. */
  onLine?(line: string): void;
  /** Added to this process's environment: DOCKER_HOST, DOCKER_CONFIG, SOURCE_DATE_EPOCH. */
  env?: Record<string, string>;
  /** A secret for the standard input. */
  input?: string;
}

/** Runs Docker's command to its end. @throws DockerError with its words */
export async function runDocker(
  args: string[],
  limitMs: number,
  { signal, onLine, env, input }: DockerOptions = {},
): Promise<GroupResult> {
  const result = await runGroup('docker', args, {
    cwd: process.cwd(),
    env: { ...process.env, ...env },
    timeoutMs: limitMs,
    signal,
    onLine,
    input,
  });
  if (result.ended === 'by-itself' && result.exitCode === 0) return result;
  throw failure(args, { ...result, output: redact(result.output, input ? [input] : []) }, limitMs);
}

export type DockerFailure = 'no-docker' | 'no-engine' | 'absent' | 'time-out' | 'cancelled' | 'failed';

export class DockerError extends PerennialError {
  constructor(
    readonly failure: DockerFailure,
    message: string,
    hint?: string,
  ) {
    const exitCode = failure === 'no-docker' || failure === 'no-engine' ? EXIT.setup : EXIT.unexpected;
    super(message, { hint, exitCode });
  }
}

function failure(args: string[], { ended, exitCode, output }: GroupResult, limitMs: number): DockerError {
  const command = `docker ${args[0]}`;
  if (ended === 'not-found')
    return new DockerError('no-docker', 'Docker is not installed', 'install Docker 20 or newer');
  if (ended === 'time-out')
    return new DockerError('time-out', `${command} took longer than ${limitMs / 1000} s and was ended`);
  if (ended === 'cancelled') return new DockerError('cancelled', `${command} was cancelled`);
  if (/cannot connect to the docker daemon|error during connect/i.test(output))
    return new DockerError('no-engine', 'no Docker engine answers', 'start Docker, or set DOCKER_HOST');
  const said = output.trim().slice(-2000);
  if (/no such (container|image|object|network)|network .* not found/i.test(said))
    return new DockerError('absent', said);
  return new DockerError('failed', `${command} exited with ${exitCode}:\n${said}`);
}

/** @returns null where Docker knows no such thing */
export async function absent<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DockerError && error.failure === 'absent') return null;
    throw error;
  }
}
