import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';

export interface GroupOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Each line as it comes, of both streams. */
  onLine?(line: string): void;
}

export interface GroupResult {
  /** Undefined: it could not be started or a signal ended it. */
  exitCode: number | undefined;
  stdout: string;
  /** Both streams in the order of writing. */
  output: string;
  ended: 'by-itself' | 'time-out' | 'cancelled' | 'not-found';
}

/** How long a group may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;

/** Runs a command as a process group of its own, so that nothing it started outlives a time-out or a cancellation:
 *  DVC, for one, dies of SIGTERM and leaves the stage's process running. */
export async function runGroup(command: string, args: string[], options: GroupOptions): Promise<GroupResult> {
  const { cwd, env, timeoutMs, signal, onLine } = options;
  if (signal?.aborted) return { exitCode: undefined, stdout: '', output: '', ended: 'cancelled' };

  const child = execa(command, args, {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    // Of an endless output only the end is of use.
    maxBuffer: 20_000_000,
  });
  let ended: GroupResult['ended'] = 'by-itself';
  const end = (why: GroupResult['ended']) => {
    ended = why;
    send(child.pid, 'SIGTERM');
    setTimeout(() => send(child.pid, 'SIGKILL'), GRACE_MS).unref();
  };
  const cancel = () => end('cancelled');
  const killAtExit = () => send(child.pid, 'SIGKILL');
  const timer = setTimeout(() => end('time-out'), timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  process.once('exit', killAtExit);

  try {
    // Alone, the child would be iterated over its stdout; progress is on stderr.
    if (onLine) void passLines(child.iterable({ from: 'all' }), onLine);
    const result = await child;
    if (ended !== 'by-itself') await endGroup(child.pid);
    if (result.exitCode === undefined && result.code === 'ENOENT') ended = 'not-found';
    return { exitCode: result.exitCode, stdout: result.stdout, output: result.all, ended };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
    process.removeListener('exit', killAtExit);
  }
}

async function passLines(lines: AsyncIterable<string>, onLine: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) onLine(line);
  } catch {
    // The command failed; its result says so.
  }
}

/** The leader has ended; waits until nothing of its group is left. */
async function endGroup(pid: number | undefined): Promise<void> {
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited >= GRACE_MS) send(pid, 'SIGKILL');
    if (waited >= 2 * GRACE_MS) return;
    await wait(50);
  }
}

function isAlive(pid: number | undefined): boolean {
  return send(pid, 0);
}

function send(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
