import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLosses } from '../../clients/loss-file.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { FeatureSchema } from '../../contracts/features.ts';
import { GateReport } from '../../contracts/gate.ts';
import { Leaderboard, MetricsFile } from '../../contracts/metrics.ts';
import { Plan } from '../../contracts/plan.ts';
import { Promotion } from '../../contracts/promotion.ts';
import { SourceState } from '../../contracts/snapshot.ts';
import { CurvesFile, TimingsFile, TrainFile } from '../../contracts/train.ts';
import { readJson } from '../../files.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { digestOf } from '../../registry/manifest.ts';
import type { BeginningFacts, RunFacts } from './facts.ts';

/** Everything the other stages left of this run.
 *  @throws CorruptError where a file that no run can end without is missing */
export async function readFacts(
  context: StageContext,
  beginning: BeginningFacts,
  version: string | null,
): Promise<RunFacts> {
  const { paths: at, now } = context;
  const promotion = await needed(at.promotion, readJson(at.promotion, Promotion));
  const timings = await readJson(at.timings, TimingsFile);
  const trained = await needed(join(at.train, 'bundle'), readBundle(join(at.train, 'bundle')));
  const inTrain = <T>(name: string, read: (path: string) => Promise<T | null>) => read(join(at.train, name));
  return {
    ...beginning,
    endedAt: now().toISOString(),
    version,
    promotion,
    metrics: await needed(at.metrics, readJson(at.metrics, MetricsFile)),
    schema: await needed(
      join(at.features, 'schema.json'),
      readJson(join(at.features, 'schema.json'), FeatureSchema),
    ),
    train: await needed(
      join(at.train, 'train.json'),
      inTrain('train.json', (path) => readJson(path, TrainFile)),
    ),
    leaderboard: await needed(
      join(at.train, 'leaderboard.json'),
      inTrain('leaderboard.json', (path) => readJson(path, Leaderboard)),
    ),
    plan: await needed(at.plan, readJson(at.plan, Plan)),
    curves: await inTrain('curves.json', (path) => readJson(path, CurvesFile)),
    // Of a training that DVC took from its cache the times are those of another one, or none.
    timings: timings?.bundle === digestOf(trained) ? timings : null,
    losses: await readLosses(join(at.evaluate, 'losses.parquet')),
    gate: await readJson(at.gate, GateReport),
    snapshot: (await readJson(at.source, SourceState))?.snapshot.sha256 ?? null,
  };
}

/** Files to be stored with the run, by their path among its artifacts; those that are not there are left out.
 *  @param withBundle where the registry does not put the bundle there itself */
export async function artifactsOf(
  { paths: at }: StageContext,
  { promotion }: Pick<RunFacts, 'promotion'>,
  { withBundle }: { withBundle: boolean },
): Promise<{ path: string; from: string }[]> {
  const files = [
    { path: 'model-card.md', from: at.modelCard },
    { path: 'report.md', from: at.report },
    { path: 'promotion.json', from: at.promotion },
    { path: 'metrics.json', from: at.metrics },
    { path: 'leaderboard.json', from: join(at.train, 'leaderboard.json') },
    { path: 'curves.json', from: join(at.train, 'curves.json') },
    { path: 'plan.json', from: at.plan },
    { path: 'profile.html', from: join(at.profile, 'profile.html') },
    { path: 'gate.json', from: at.gate },
    { path: 'gate.md', from: join(at.reports, 'gate.md') },
    { path: 'schema.json', from: join(at.features, 'schema.json') },
    { path: 'feature_statistics.json', from: join(at.features, 'feature_statistics.json') },
  ];
  const bundle = withBundle ? await bundleFiles(at.train, promotion.challenger.digest) : [];
  return [...files, ...bundle].filter(({ from }) => existsSync(from));
}

/** Of the bundle that was decided on: the challenger, or the baseline in its place. */
async function bundleFiles(train: string, digest: string): Promise<{ path: string; from: string }[]> {
  for (const name of ['bundle', 'fallback']) {
    const folder = join(train, name);
    if (!existsSync(folder)) continue;
    const files = await readBundle(folder);
    if (digestOf(files) !== digest) continue;
    return [...files.keys()].sort().map((path) => ({ path: `bundle/${path}`, from: join(folder, path) }));
  }
  return [];
}

async function needed<T>(path: string, value: Promise<T | null>): Promise<T> {
  const found = await value;
  if (found !== null) return found;
  throw new CorruptError(`${path} is missing`, { hint: 'the run is logged as one that failed' });
}
