import type { FeatureCollection } from 'geojson';
import type { Artifact } from '../../clients/github/github.ts';
import type { ModelReport } from '../../contracts/pull-report.ts';
import type { Bench } from './bench.ts';
import { dataChange, toldOfData, warningsOf } from './data-change.ts';
import { dataFilesAt } from './data-files.ts';
import type { ReviewedPull } from './find-pull.ts';
import type { Judged } from './judge-model.ts';
import { paramChanges } from './param-changes.ts';
import type { ReviewRun } from './read-event.ts';
import type { Submitted } from './read-submission.ts';
import type { Change, Commits } from './what-changed.ts';

/** What the comment tells of one model. Parts that are for display alone are left out where they cannot be had. */
export async function modelReport(
  bench: Bench,
  commits: Commits,
  about: {
    change: Change;
    judged: Judged;
    submitted: Submitted | null;
    artifact: Artifact | null;
    pull: ReviewedPull;
    run: ReviewRun;
  },
): Promise<ModelReport> {
  const { change, judged, submitted, artifact, run } = about;
  const { truth, losses, judgement } = judged;
  const submission = submitted?.submission ?? null;
  const runId = /^[0-9a-f]{32}$/.test(submission?.mlflow_run ?? '') ? submission!.mlflow_run! : null;
  const [data, page] = await Promise.all([
    dataChangeOf(bench, commits, change.model).catch(() => null),
    runId ? bench.runPage(runId).catch(() => null) : null,
  ]);
  return {
    judgement,
    losses,
    places: truth ? placesIn(truth.champion?.files.get('places.geojson')) : null,
    names: new Map(truth?.panel.tracts.map(({ id, name }) => [id, name]) ?? []),
    data: data && judgement.gate ? { ...data, warnings: warningsOf(judgement.gate) } : data,
    params: paramChanges(change.before, change.after),
    lineage: {
      commit: change.kind === 'changed' ? commits.head : null,
      dataVersion: truth?.dataVersion ?? null,
      bundle: judgement.promotion?.challenger.digest ?? null,
      mlflowRun: runId && page ? { id: runId, page } : null,
      artifact: artifact && {
        name: artifact.name,
        page: `${run.page}/artifacts/${artifact.id}`,
        expiresAt: artifact.expiresAt,
      },
    },
  };
}

async function dataChangeOf(bench: Bench, { base, head }: Commits, model: string) {
  const [from, to] = await Promise.all(
    [base, head].map(async (commit) => {
      const { version } = await dataFilesAt(bench, commit);
      return toldOfData(bench.tree(commit).read, { model, version });
    }),
  );
  return dataChange(from, to);
}

function placesIn(bytes: Uint8Array | undefined): FeatureCollection | null {
  if (!bytes) return null;
  const places = JSON.parse(Buffer.from(bytes).toString('utf8')) as FeatureCollection;
  return places.features.length > 0 ? places : null;
}
