import type { Artifact } from '../../clients/github/github.ts';
import { reviewArtifact } from '../../contracts/review.ts';
import type { Bench } from './bench.ts';
import { dataFilesAt } from './data-files.ts';
import { fetchHashes, hashesOf } from './data-for.ts';
import type { Change, Commits } from './what-changed.ts';

/** What is in a folder already: path → hash. */
export type Fetched = ReadonlyMap<string, string>;

/** Begins, while the artifacts are still on their way, to fetch what will most likely be judged on: the newest data and the
 *  champions. Nothing is decided by it, and it fails without a word: what is then lacking is fetched again, and tells why. */
export async function fetchEarly(
  bench: Bench,
  commits: Commits,
  about: { changes: Change[]; artifacts: Artifact[]; into: string; folder: string },
): Promise<Fetched> {
  const { changes, artifacts, into, folder } = about;
  const likely = changes.filter(
    ({ model, kind, refusal }) =>
      kind === 'changed' && !refusal && artifacts.some(({ name }) => name === reviewArtifact(model)),
  );
  if (likely.length === 0) return new Map();
  for (const { model, champion } of likely)
    if (champion) bench.bundle(model, champion).catch(() => undefined);
  // DVC is a process of its own: all that comes later is loaded beside it.
  const loading = Promise.all([
    import('./judge-model.ts'),
    import('../../stages/report/run.ts'),
    import('../../stages/report/comment-text.ts'),
  ]);
  try {
    const withTraining = into === 'master';
    const files = await dataFilesAt(bench, withTraining ? commits.head : commits.master);
    const hashes = hashesOf(likely.map((change) => ({ change, files, withTraining })));
    await fetchHashes(bench, hashes, folder);
    return hashes;
  } catch (error) {
    bench.log.debug({ err: error }, 'nothing was fetched early');
    return new Map();
  } finally {
    await loading;
  }
}
