import { join } from 'node:path';
import { fetchByHash } from '../../clients/dvc-fetch.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { Bench } from './bench.ts';
import { type DataFiles, dataFilesAt, dataFilesOf } from './data-files.ts';
import { Refusal } from './refusal.ts';
import type { Change, Commits } from './what-changed.ts';

/** What is fetched for one model. */
export interface Wanted {
  change: Change;
  files: DataFiles;
  /** Where its training is taken from `dvc.lock` and not from the artifact. */
  withTraining: boolean;
}

/** Which data a model is judged on: a version that master has or had, made by reviewed code. Into master a robot brings
 *  newer ones, and what was trained on them.
 *  @param claimed the version that the review says it used
 *  @throws Refusal */
export async function dataFor(
  bench: Bench,
  commits: Commits,
  {
    change,
    claimed,
    ofRobot,
    into,
  }: { change: Change; claimed: string | null; ofRobot: boolean; into: string },
): Promise<Wanted> {
  const withTraining = into === 'master';
  const own = withTraining ? await dataFilesAt(bench, commits.head) : null;
  const version = own?.version ?? claimed;
  if (own && claimed !== null && claimed !== own.version)
    throw new Refusal(
      'Other data',
      `It was scored on the data ${claimed}, data.dvc names ${own.version ?? 'none'}.`,
    );
  if (version === null)
    throw new Refusal('Unknown data', 'The review does not say on which data it was made.');
  const known = own && ofRobot ? own : await dataFilesOf(bench, commits.master, version);
  if (!known)
    throw new Refusal(
      'Unknown data',
      `The data version ${version.replace(/[^0-9a-z.]/gi, '?')} is none that master had lately: run the review again.`,
    );
  const files = own ?? known;
  const features = `artifacts/${change.model}/features`;
  if (!known.outputs.has(features))
    throw new Refusal('Unknown data', `dvc.lock has no features of ${change.model} for these data.`);
  if (withTraining && !files.outputs.has(`artifacts/${change.model}/train`))
    throw new Refusal(
      'Not trained',
      'dvc.lock names no training of it; what goes into master was trained before.',
    );
  // The truth comes from a commit that was reviewed; a training is looked up where the pull request names it.
  const outputs = new Map(files.outputs);
  outputs.set(features, known.outputs.get(features)!);
  return { change, files: { ...files, outputs }, withTraining };
}

/** Fetches data and trainings of several models in one go.
 *  @param there what lies in the folder already
 *  @returns the folder that has all of it
 *  @throws DvcError */
export async function fetchData(
  bench: Bench,
  wanted: Wanted[],
  { folder, there }: { folder: string; there: ReadonlyMap<string, string> },
): Promise<string> {
  const hashes = hashesOf(wanted);
  if ([...hashes].every(([path, hash]) => there.get(path) === hash)) return folder;
  const whole = there.size === 0 ? folder : join(folder, 'others');
  await fetchHashes(bench, hashes, whole);
  return whole;
}

/** Path → hash; what `dvc.lock` does not have is left out. */
export function hashesOf(wanted: Wanted[]): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const { change, files, withTraining } of wanted)
    for (const stage of withTraining ? ['features', 'train'] : ['features']) {
      const path = `artifacts/${change.model}/${stage}`;
      const hash = files.outputs.get(path);
      if (hash) hashes.set(path, hash);
    }
  return hashes;
}

export async function fetchHashes(
  bench: Bench,
  hashes: ReadonlyMap<string, string>,
  into: string,
): Promise<void> {
  if (hashes.size === 0) return;
  if (!bench.remote)
    throw new UsageError('no DVC remote is configured: the judge cannot have the data', {
      hint: 'give the environment `robots` the secrets of the remote (docs/homes.md)',
    });
  await fetchByHash(into, hashes, { remote: bench.remote, signal: bench.signal });
}
