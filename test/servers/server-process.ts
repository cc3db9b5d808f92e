import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import { freePort } from './free-port.ts';

export interface ServerCommand {
  /** For messages, and the first part of its folder's name. */
  name: string;
  /** Made for each attempt: a port that was free a moment ago may be taken by now. */
  command(at: { port: number; folder: string }): Promise<{
    file: string;
    args: string[];
    env?: Record<string, string>;
  }>;
  /** Whether it is this very server that answers; a throw means: not yet. */
  ready(at: { port: number; folder: string }): Promise<boolean>;
  limitMs: number;
}

type Child = ResultPromise<ReturnType<typeof options>>;

const ATTEMPTS = 3;
const POLL_MS = 100;

/** Waits for fd 3 to close, which is when we have ended, however that came; then removes the folder and ends the whole
 *  group. TERM comes first so that nobody writes into the folder while it goes. */
const WATCHED = `(
  trap '' TERM
  cat <&3
  kill -TERM 0
  sleep 1
  rm -rf "$FOLDER"
  kill -KILL 0
) >/dev/null 2>&1 &
exec "$@" 3<&-`;

/** A server as a process group of its own with a temporary folder of its own, on loopback. Neither outlives us. */
export class ServerProcess {
  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly child: Child,
  ) {}

  /** @throws Error with the last lines of its output where it ends early or is not ready in time */
  static async start(server: ServerCommand): Promise<ServerProcess> {
    for (let attempt = 1; ; attempt++) {
      const folder = await mkdtemp(join(tmpdir(), `perennial-${server.name}-`));
      const port = await freePort();
      const started = await ServerProcess.#spawn(server, port, folder).catch(async (error) => {
        await rm(folder, { recursive: true, force: true });
        throw error;
      });
      const problem = await started.#becomesReady(server);
      if (problem === null) return started;
      const output = started.output();
      await started.stop();
      if (attempt < ATTEMPTS && /address already in use|EADDRINUSE|in use/i.test(output)) continue;
      throw new Error(`${server.name} ${problem}; the end of its output:\n${output}`);
    }
  }

  /** The last of what it wrote on both streams. */
  output(): string {
    return this.#output;
  }

  #output = '';
  #ended = false;

  /** Ends the group and removes the folder. */
  async stop(): Promise<void> {
    const { pid } = this.child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself, and all of its group.
    }
    // Settles when the last one that holds its output is gone.
    await this.child;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  static async #spawn(server: ServerCommand, port: number, folder: string): Promise<ServerProcess> {
    const { file, args, env } = await server.command({ port, folder });
    const child = execa('sh', ['-c', WATCHED, 'sh', file, ...args], options(folder, env ?? {}));
    const started = new ServerProcess(port, folder, child);
    child.all.on('data', (chunk: Buffer) => {
      started.#output = (started.#output + chunk.toString()).slice(-4_000);
    });
    child.once('exit', () => {
      started.#ended = true;
      // What it started goes with it.
      child.stdio[3].destroy();
    });
    return started;
  }

  /** @returns what went wrong, null when it is ready */
  async #becomesReady({ ready, limitMs }: ServerCommand): Promise<string | null> {
    const until = performance.now() + limitMs;
    while (performance.now() < until) {
      if (this.#ended) return 'ended before it was ready';
      const answered = await ready({ port: this.port, folder: this.folder }).catch(() => false);
      if (answered && !this.#ended) return null;
      await wait(POLL_MS);
    }
    return `was not ready after ${limitMs / 1000} s`;
  }
}

/** No proxy of the machine's and no credentials of the user's reach a server that tests start. */
function options(folder: string, env: Record<string, string>) {
  return {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, FOLDER: folder, LANG: 'C.UTF-8', ...env },
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdio: ['ignore', 'pipe', 'pipe', ['pipe']],
    all: true,
    buffer: false,
    reject: false,
  } as const;
}
