import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { folderRegistry } from '../../pipeline/registry/folder.ts';
import { Storm, type StormResult, type StormSize } from './storm.ts';

const CHILD = fileURLToPath(new URL('folder-child.ts', import.meta.url));
const MINUTE = 60_000;

/** Registrars that are processes of their own; each is killed (`kill -9`) after some registrations, in the middle of one. */
export async function stormOnFolder(size: StormSize & { perLife: number }): Promise<StormResult> {
  const directory = await mkdtemp(join(tmpdir(), 'perennial-registrations-'));
  const storm = new Storm(size);
  /** What a registration takes here, in ms. */
  let usual = 50;

  async function registrar(): Promise<void> {
    for (let content = storm.next(); content !== undefined; ) content = await live(content);
  }

  /** One process, from its start to its death.
   *  @returns what the next one begins with */
  async function live(first: number): Promise<number | undefined> {
    const child = await started(directory);
    const lives = 1 + Math.floor(storm.random() * 2 * size.perLife);
    let content: number | undefined = first;
    try {
      for (let done = 0; content !== undefined; done++) {
        const began = performance.now();
        const doomed = done === lives;
        if (doomed) void wait(storm.random() * 1.5 * usual).then(() => child.kill());
        const version = await child.register(content);
        if (version === null) {
          if (!doomed) throw new Error('a registrar died by itself');
          storm.killed(content);
          return storm.next();
        }
        storm.acknowledge(content, version);
        usual = 0.9 * usual + 0.1 * (performance.now() - began);
        content = storm.next();
        if (doomed) {
          storm.killed();
          return content;
        }
      }
      return undefined;
    } finally {
      await child.kill();
    }
  }

  try {
    const reader = folderRegistry(directory, { model: 'infections', now: () => new Date() });
    const all = Promise.all(Array.from({ length: size.registrars }, registrar));
    await Promise.all([all, storm.watch(reader, all)]);
    return await storm.result(reader, async () => {
      return (await readdir(directory)).filter((name) => /^v\d+$/.test(name)).length;
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function started(directory: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // It may be dead when the next line is written.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const limit = wait(MINUTE, 'late' as const, { ref: false });
    const read = await Promise.race([lines.next(), limit]);
    if (read === 'late') throw new Error('a registrar says nothing for a minute');
    return read.done ? null : read.value;
  };
  await line();
  return {
    /** @returns its version, null where the process died before it could say so */
    register(content: number): Promise<string | null> {
      child.stdin.write(`${content}\n`);
      return line();
    },
    kill: () => killed(child),
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
