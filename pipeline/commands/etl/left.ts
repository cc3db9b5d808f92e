import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { glob } from 'tinyglobby';
import { z } from 'zod';
import { filesAt, textsOf } from '../../clients/git-objects.ts';
import { Sha1 } from '../../contracts/review.ts';
import { readJson, writeJson, writeWhole } from '../../files.ts';
import type { RobotFiles } from './robot-files.ts';

/** No model can have this name. */
const ROOM = join('artifacts', '_etl');
export const COLLECT_FOLDER = join(ROOM, 'collect');
export const REFUSED_FOLDER = join(ROOM, 'refused');
export const trainFolder = (model: string) => join(ROOM, `train-${model}`);

/** `state.json` of what one job leaves for the next; beside it lies what robots commit, as it is to be. */
export const Left = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('collect'),
    /** Where the data branch was: whoever moves it meanwhile wins. */
    data_branch: Sha1.nullable(),
    /** Models with something new. */
    collected: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal('train'),
    model: z.string(),
    /** False: it could not be trained, and there is nothing to propose of it. */
    trained: z.boolean(),
    /** Champion that it was compared with; null: none. */
    champion: z.string().nullable(),
    promoted: z.boolean(),
    /** Commit whose code trained it. */
    commit: z.string(),
  }),
]);
export type Left = z.infer<typeof Left>;
export type LeftBy<Kind extends Left['kind']> = Extract<Left, { kind: Kind }> & { files: RobotFiles };

/** Leaves files for the next job, in a folder of their own. */
export async function leave(folder: string, left: Left, files: RobotFiles): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeRobotFiles(folder, files);
  // Last: without it the folder is not taken for whole.
  await writeJson(join(folder, 'state.json'), Left, left);
}

/** @returns null where nothing was left */
export async function readLeft(folder: string): Promise<(Left & { files: RobotFiles }) | null> {
  const left = await readJson(join(folder, 'state.json'), Left);
  return left && { ...left, files: await robotFilesIn(folder) };
}

/** All that jobs have left below a folder: as the artifact's download puts them, a folder each, or one alone. */
export async function readAllLeft(
  folder: string,
): Promise<{ collect: LeftBy<'collect'> | null; trained: LeftBy<'train'>[] }> {
  const states = await glob(['state.json', '*/state.json'], { cwd: folder, absolute: true }).catch(() => []);
  const all = await Promise.all(states.sort().map((path) => readLeft(dirname(path))));
  return {
    collect: all.find((one): one is LeftBy<'collect'> => one?.kind === 'collect') ?? null,
    trained: all.filter((one): one is LeftBy<'train'> => one?.kind === 'train'),
  };
}

const ROBOT_FILE = /^(?:data\.dvc|dvc\.lock|reports\/[^/]+\/.+\.(?:json|md|dvc))$/;

export async function robotFilesIn(root: string): Promise<Map<string, string>> {
  const found = await glob(['data.dvc', 'dvc.lock', 'reports/**'], { cwd: root, dot: false });
  const paths = found.filter((path) => ROBOT_FILE.test(path)).sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)),
  );
}

export async function robotFilesAt(root: string, sha: string): Promise<Map<string, string>> {
  const listed = (await filesAt(root, sha)).filter(({ path }) => ROBOT_FILE.test(path));
  const texts = await textsOf(root, listed);
  return new Map(listed.map(({ path, oid }) => [path, texts.get(oid) as string]));
}

/** Writes what differs; what is there beside it stays. */
export async function writeRobotFiles(root: string, files: RobotFiles): Promise<void> {
  for (const [path, text] of files) {
    const there = await readFile(join(root, path), 'utf8').catch(() => null);
    if (there !== text) await writeWhole(join(root, path), text);
  }
}
