import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../files.ts';
import { REPOSITORY } from '../workspace.ts';
import { DvcError, readFailure } from './dvc-error.ts';
import { type ReproResult, readRepro } from './dvc-output.ts';
import { runGroup } from './process-group.ts';

export interface DvcOptions {
  /** The DVC repository; commands run there. */
  root: string;
  signal?: AbortSignal;
  /** Each line that DVC and its stages write, as it comes. */
  onLine?(line: string): void;
  /** Added to the environment of DVC and of its stages. */
  env?: Record<string, string>;
  /** Replaces the limit of each command. */
  timeoutMs?: number;
}

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

    /** Runs the stages (and those they stand on) whose inputs changed; without targets, all. */
    async repro(targets: string[] = [], { force = false, dry = false } = {}): Promise<ReproResult> {
      const flags = [...(force ? ['--force'] : []), ...(dry ? ['--dry'] : [])];
      const { output } = await run(['repro', ...flags, ...targets], 6 * HOUR);
      return readRepro(output);
    },

    /** What changed since `dvc.lock` and the `.dvc` files were written, by stage; empty: nothing. */
    async status(targets: string[] = []): Promise<DvcStatus> {
      const { stdout } = await run(['status', '--json', '--no-updates', ...targets], 5 * MINUTE);
      return parse(DvcStatus, stdout, 'dvc status');
    },

    /** Files under DVC that differ between two commits (default: HEAD and the work tree). */
    async diff(from?: string, to?: string): Promise<DvcDiff> {
      const revisions = [from, to].filter((revision) => revision !== undefined);
      const { stdout } = await run(['diff', '--json', ...revisions], 5 * MINUTE);
      // Where nothing differs DVC prints an empty object.
      return parse(DvcDiff, stdout, 'dvc diff');
    },
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

/** The DVC that set-up installed; elsewhere (an image, a workflow) the one on the path. */
export function dvcBinary(repository = REPOSITORY): string {
  const own = join(repository, '.venv', 'bin', 'dvc');
  return existsSync(own) ? own : 'dvc';
}

async function runDvc(args: string[], timeoutMs: number, options: DvcOptions) {
  const limitMs = options.timeoutMs ?? timeoutMs;
  const result = await runGroup(dvcBinary(), args, {
    cwd: options.root,
    env: { ...environment(), ...options.env },
    timeoutMs: limitMs,
    signal: options.signal,
    onLine: options.onLine,
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
  if (result.exitCode !== 0) throw readFailure(args, result.exitCode, result.output);
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

function parse<T extends z.ZodType>(schema: T, text: string, what: string): z.output<T> {
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
