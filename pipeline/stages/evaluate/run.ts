import { join } from 'node:path';
import { readTargetPanel } from '../../clients/dataset-file.ts';
import { readForecasts } from '../../clients/forecast-file.ts';
import { writeLosses } from '../../clients/loss-file.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError } from '../../contracts/errors.ts';
import type { ScoredForecasts } from '../../contracts/forecast.ts';
import { Leaderboard, MetricsFile } from '../../contracts/metrics.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import { Plan, windowsOf } from '../../contracts/plan.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { readJson, writeJson } from '../../files.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { verifyBundle } from '../../registry/manifest.ts';
import { taskFor } from '../../tasks/index.ts';
import type { Task } from '../../tasks/task.ts';
import { scoreSides } from './score-sides.ts';

export interface EvaluateOptions {
  registry: Registry;
  commit: string;
  dataVersion: string;
  /** Score the best baseline in the challenger's place: a first model did not beat it. */
  fallback?: boolean;
  /** Default: the task that the model's entry names. */
  task?: Task;
}

/** Scores challenger, champion, baselines and candidates on the same days of the decide window, none of which the
 *  champion has learnt from. Reads what features and train left; leaves `losses.parquet` and `metrics.json`.
 *  @throws CorruptError if a file of an earlier stage is missing or not what it was */
export async function evaluate(context: StageContext, options: EvaluateOptions): Promise<MetricsFile> {
  const { paths, params, model } = context;
  const task = options.task ?? taskFor(params.task);
  const plan = await needed(paths.plan, readJson(paths.plan, Plan));
  const leaderboardPath = join(paths.train, 'leaderboard.json');
  const leaderboard = await needed(leaderboardPath, readJson(leaderboardPath, Leaderboard));
  const forecastsPath = join(paths.train, 'forecasts.parquet');
  const { tables } = await needed(forecastsPath, readForecasts(forecastsPath));
  const { panel } = await readTargetPanel(paths.features);
  const bundle = verifyBundle(await readBundle(join(paths.train, options.fallback ? 'fallback' : 'bundle')));

  const window = windowsOf(plan, panel).decide;
  const challenger = await needed(
    `the challenger's forecasts in ${forecastsPath}`,
    find(tables, options.fallback ? bundle.manifest.candidate : 'challenger'),
  );
  const version = await options.registry.alias('champion');
  const champion = version && (await scoreChampion(context, { ...options, task, panel, window, version }));

  const baselineNames = baselinesFirst(leaderboard, task.baseline);
  const order = (table: ScoredForecasts) => baselineNames.indexOf(table.model);
  const { losses, metrics } = scoreSides(
    {
      challenger: { table: challenger, name: bundle.manifest.candidate, digest: bundle.digest },
      champion: champion && {
        table: champion,
        name: version.candidate,
        digest: version.digest,
        trainEnd: version.train_end,
      },
      baselines: tables.filter((table) => order(table) >= 0).sort((a, b) => order(a) - order(b)),
      candidates: tables.filter(
        (table) =>
          table.model !== 'challenger' && order(table) < 0 && table.model !== bundle.manifest.candidate,
      ),
    },
    {
      model,
      metric: params.promotion.metric,
      plan,
      panel,
      madeAt: context.now().toISOString(),
      commit: options.commit,
      dataVersion: options.dataVersion,
    },
  );
  await writeLosses(join(paths.evaluate, 'losses.parquet'), losses);
  await writeJson(paths.metrics, MetricsFile, metrics);
  context.log.info({ cutoffs: metrics.cutoffs, rows: losses[0].tract.length }, 'evaluated');
  return metrics;
}

async function scoreChampion(
  context: StageContext,
  {
    registry,
    task,
    panel,
    window,
    version,
  }: {
    registry: Registry;
    task: Task;
    panel: TargetPanel;
    window: [number, number];
    version: RegisteredVersion;
  },
): Promise<ScoredForecasts> {
  const work = context.progress.start(`scoring the champion ${version.version}`);
  try {
    return await task.score(await registry.bundle(version.version), panel, window);
  } finally {
    work.done();
  }
}

function find(tables: ScoredForecasts[], name: string): ScoredForecasts | null {
  return tables.find(({ model }) => model === name) ?? null;
}

/** The task's own baseline first, then the others in the order of the leaderboard. */
function baselinesFirst({ candidates }: Leaderboard, first: string): string[] {
  const names = candidates.filter(({ is_baseline }) => is_baseline).map(({ name }) => name);
  return [first, ...names.filter((name) => name !== first)];
}

async function needed<T>(what: string, value: T | null | Promise<T | null>): Promise<T> {
  const found = await value;
  if (found !== null) return found;
  throw new CorruptError(`${what} is missing`, { hint: 'run the stages before evaluate again' });
}
