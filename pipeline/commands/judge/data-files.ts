import { parse } from 'yaml';
import { z } from 'zod';
import { git } from '../../clients/git.ts';
import { CorruptError } from '../../contracts/errors.ts';
import type { Bench } from './bench.ts';

/** What one commit says DVC holds. */
export interface DataFiles {
  commit: string;
  /** Hash of `data/`; null where there is no `data.dvc`. */
  version: string | null;
  /** Hash of an output by its path, such as `artifacts/infections/features`. */
  outputs: Map<string, string>;
  /** Hash of what a stage was made from, by stage and path. */
  inputs(stage: string, path: string): string | null;
}

const Hash = z.string().regex(/^[0-9a-f]{32}(\.dir)?$/);
const File = z.looseObject({ path: z.string(), md5: Hash });
const DataDvc = z.looseObject({ outs: z.array(File).min(1) });
const Stage = z.looseObject({ deps: z.array(File).default([]), outs: z.array(File).default([]) });
const DvcLock = z.looseObject({ stages: z.record(z.string(), Stage).default({}) });

/** @throws CorruptError where they are not what DVC writes */
export async function dataFilesAt({ tree }: Pick<Bench, 'tree'>, commit: string): Promise<DataFiles> {
  const [data, lock] = await Promise.all([tree(commit).read('data.dvc'), tree(commit).read('dvc.lock')]);
  try {
    const version = data === null ? null : DataDvc.parse(parse(data)).outs[0].md5;
    const { stages } = lock === null ? { stages: {} } : DvcLock.parse(parse(lock));
    const outputs = Object.values(stages).flatMap(({ outs }) =>
      outs.map(({ path, md5 }) => [path, md5] as const),
    );
    return {
      commit,
      version,
      outputs: new Map(outputs),
      inputs: (stage, path) =>
        (Object.hasOwn(stages, stage) ? stages[stage] : null)?.deps.find((dep) => dep.path === path)?.md5 ??
        null,
    };
  } catch (cause) {
    throw new CorruptError(`data.dvc or dvc.lock of ${commit.slice(0, 12)} is not what DVC writes`, {
      cause,
      hint: 'restore it from git',
    });
  }
}

/** Data versions that master had last; a review that waited longer is to be made again. */
const MOST_VERSIONS = 60;

/** The files of the newest commit of master that has a data version.
 *  @returns null where none of its last sixty changes had it */
export async function dataFilesOf(bench: Bench, master: string, version: string): Promise<DataFiles | null> {
  const now = await dataFilesAt(bench, master);
  if (now.version === version) return now;
  const asked = ['rev-list', `--max-count=${MOST_VERSIONS}`, master, '--', 'data.dvc'];
  for (const commit of (await git(bench.root, asked)).stdout.split('\n').filter(Boolean)) {
    const then = await dataFilesAt(bench, commit);
    if (then.version === version) return then;
  }
  return null;
}
