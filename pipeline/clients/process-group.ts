import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';

export interface GroupOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Each line as it comes, of both streams. */
  onLine?(line: string): void;
  /** For its standard input; without it there is none. */
  input?: string;
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

/** Waits for fd 3 to close, which is when we have ended, however that came; then ends its whole group. */
const WATCHED = '(cat <&3; kill -9 0) >/dev/null 2>&1 & exec "$@" 3<&-';

/** Runs a command as a process group of its own, so that nothing it started outlives a time-out or a cancellation:
 *  DVC, for one, dies of SIGTERM and leaves the stage's process running. Nor does it outlive us, killed or not: an orphan would keep
 *  DVC's lock, and write beside the next run. */
export async function runGroup(command: string, args: string[], options: GroupOptions): Promise<GroupResult> {
  const { cwd, env, timeoutMs, signal, onLine, input } = options;
  if (signal?.aborted) return { exitCode: undefined, stdout: '', output: '', ended: 'cancelled' };

  const child = execa('sh', ['-c', WATCHED, 'sh', command, ...args], {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ['pipe']],
    ...(input === undefined ? {} : { input }),
    all: true,
    reject: false,
    // Of an endless output only the end is of use.
    maxBuffer: 20_000_000,
  });
  child.once('exit', () => child.stdio[3]?.destroy());
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
    // The shell's own answer to a command that is not there.
    if (result.exitCode === 127) ended = 'not-found';
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
