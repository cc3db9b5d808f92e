import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../files.ts';
import { type ReproResult, readRepro } from './dvc-output.ts';
import { remoteCommands } from './dvc-remote.ts';
import { remoteSettings } from './dvc-remote-settings.ts';
import { type DvcOptions, parseAnswer, runDvc } from './dvc-run.ts';

export { type DvcOptions, dvcBinary, environment } from './dvc-run.ts';

/** One method, one command of DVC.
 *  @throws DvcError (StageFailedError where a stage failed) from every method */
export function dvcAt(options: DvcOptions) {
  const run = (args: string[], timeoutMs: number) => runDvc(args, timeoutMs, options);
  return {
    /** Makes `root`, a git repository, a DVC repository; `force` makes it anew, its cache included. */
    async init({ force = false } = {}): Promise<void> {
      await run(['init', '--quiet', ...(force ? ['--force'] : [])], MINUTE);
      // A new repository's settings are empty; `dvc config` would take a second for each of these.
      await writeWhole(join(options.root, '.dvc', 'config'), SETTINGS);
    },

    /** Puts files or folders under DVC: `data` → `data.dvc`. */
    async add(...targets: string[]): Promise<void> {
      // Not quiet: that would keep the reason of a failure to itself.
      await run(['add', ...targets], 30 * MINUTE);
    },

    /** Completes a `.dvc` file that was written by hand: takes what it names into the cache, and its hash into the file. */
    async commit(target: string): Promise<void> {
      await run(['commit', '--force', target], 30 * MINUTE);
    },

    /** Runs the stages (and those they stand on) whose inputs changed; without targets, all. */
    async repro(targets: string[] = [], { force = false, dry = false } = {}): Promise<ReproResult> {
      const flags = [...(force ? ['--force'] : []), ...(dry ? ['--dry'] : [])];
      const { output } = await run(['repro', ...flags, ...targets], 6 * HOUR);
      return readRepro(output);
    },

    /** What changed since `dvc.lock` and the `.dvc` files were written, by stage; empty: nothing. */
    async status(targets: string[] = []): Promise<DvcStatus> {
      const { stdout } = await run(['status', '--json', '--no-updates', ...targets], 5 * MINUTE);
      return parseAnswer(DvcStatus, stdout, 'dvc status');
    },

    /** Files under DVC that differ between two commits (default: HEAD and the work tree). */
    async diff(from?: string, to?: string): Promise<DvcDiff> {
      const revisions = [from, to].filter((revision) => revision !== undefined);
      const { stdout } = await run(['diff', '--json', ...revisions], 5 * MINUTE);
      // Where nothing differs DVC prints an empty object.
      return parseAnswer(DvcDiff, stdout, 'dvc diff');
    },

    /** Removes objects from the local cache that nothing refers to. Without `--all-commits` DVC would take those of every
     *  earlier data version too.
     *  @returns objects removed */
    async gc({
      keep = 'all-commits',
    }: {
      keep?: 'all-commits' | 'all-branches' | 'workspace';
    } = {}): Promise<number> {
      const { output } = await run(['gc', `--${keep}`, '--force'], 30 * MINUTE);
      return Number(/Removed (\d+) objects from repo cache/.exec(output)?.[1] ?? 0);
    },

    remote: remoteSettings((args) => run(args, MINUTE)),
    ...remoteCommands(options),
  };
}
export type Dvc = ReturnType<typeof dvcAt>;

const SETTINGS = '[core]\n    analytics = false\n    check_update = false\n';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const Changes = z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]));

/** `{ "train@x": [{ "changed deps": { "params.yaml": "modified" } }, "changed command"] }` */
export const DvcStatus = z.record(z.string(), z.array(z.union([z.string(), z.record(z.string(), Changes)])));
export type DvcStatus = z.infer<typeof DvcStatus>;

const Path = z.object({ path: z.string() });
export const DvcDiff = z.object({
  added: z.array(Path).default([]),
  deleted: z.array(Path).default([]),
  modified: z.array(Path).default([]),
  renamed: z.array(z.object({ path: z.object({ old: z.string(), new: z.string() }) })).default([]),
});
export type DvcDiff = z.infer<typeof DvcDiff>;
