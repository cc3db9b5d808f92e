import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { FOR_NODE } from '../serve/for-node.ts';

const LIMIT_MS = 60_000;
const DEATH = join(import.meta.dirname, 'dies-at-write.ts');

export interface MortalChild {
  /** Runs it, and kills it at the n-th thing that it does to the file system; 0: it lives. */
  run(args: string[], moment: { dieAt: number; under: string }): Promise<Ended>;
  /** What `node` is given to run it by itself. */
  file: string;
  remove(): Promise<void>;
}

interface Ended {
  killed: boolean;
  exitCode?: number;
  /** How many things it did to the file system; null where it was killed. */
  writes: number | null;
}

/** A program that is started, and killed, dozens of times; it and test/dies-at-write.ts are bundled once, for translating
 *  its TypeScript at each start took ten times as long as all that it does.
 *  @param source path of its TypeScript file */
export async function mortalChild(source: string): Promise<MortalChild> {
  const folder = await mkdtemp(join(tmpdir(), 'mortal-child-'));
  await build({
    ...FOR_NODE,
    entryPoints: [source, DEATH],
    outdir: folder,
    external: ['@duckdb/*', '@tensorflow/*'],
  });
  const [file, death] = [source, DEATH].map((path) => join(folder, `${basename(path, '.ts')}.mjs`));
  return {
    file,
    async run(args, { dieAt, under }) {
      const { stdout, signal, exitCode } = await execa('node', ['--import', death, file, ...args], {
        env: { DIE_AT: String(dieAt), DIE_UNDER: under },
        reject: dieAt === 0,
        timeout: LIMIT_MS,
      });
      const killed = signal === 'SIGKILL';
      return { killed, exitCode, writes: killed ? null : Number(stdout.split('\n').at(-1)) };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
