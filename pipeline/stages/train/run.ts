import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readTargetPanel } from '../../clients/dataset-file.ts';
import { writeForecasts } from '../../clients/forecast-file.ts';
import { codeCommit, dataVersion } from '../../clients/versions.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError, UsageError } from '../../contracts/errors.ts';
import { Leaderboard } from '../../contracts/metrics.ts';
import { timeAt } from '../../contracts/panel.ts';
import { Plan, windowsOf } from '../../contracts/plan.ts';
import { CurvesFile, TimingsFile, TrainFile } from '../../contracts/train.ts';
import { readJson, writeJson } from '../../files.ts';
import { writeBundle } from '../../registry/bundle-folder.ts';
import { sealBundle } from '../../registry/manifest.ts';
import { taskFor } from '../../tasks/index.ts';

/** Data set and plan → the challenger's bundle, leaderboard and forecasts in `artifacts/<model>/train`. */
export async function train(context: StageContext): Promise<TrainFile> {
  const { workspace, paths, params, model, progress, signal, log } = context;
  const plan = await readJson(paths.plan, Plan);
  if (!plan) {
    throw new CorruptError(`${paths.plan} is missing`, {
      hint: 'start the training through `perennial run`, which writes it',
    });
  }
  const { panel } = await readTargetPanel(paths.features);
  const step = progress.start(`training ${model}`, 1);
  const limit = AbortSignal.timeout(params.train.max_minutes * 60_000);
  const result = await taskFor(params.task)
    .train({
      panel,
      params,
      windows: windowsOf(plan, panel),
      onProgress: (share, note) => step.set(share, note),
      signal: AbortSignal.any([signal, limit]),
    })
    .catch((cause: unknown) => {
      if (!limit.aborted || signal.aborted) throw cause;
      throw new UsageError(`training ${model} took longer than ${params.train.max_minutes} minutes`, {
        cause,
        hint: 'raise train.max_minutes in params.yaml (a hosted runner ends a job after 60 here), or give it less data',
      });
    });
  const about: TrainFile = {
    model,
    candidate: result.candidate,
    is_baseline: result.isBaseline,
    train_end: new Date(timeAt(panel, result.trainEnd)).toISOString(),
    hyperparameters: result.hyperparameters,
  };
  const places = await readFile(paths.places);
  const facts = {
    ...about,
    task: params.task,
    created_at: context.now().toISOString(),
    data_version: await dataVersion(workspace),
    commit: await codeCommit(),
  };
  const bundle = sealBundle(result.files.set('places.geojson', places), facts);
  // The whole folder appears at once: a stage killed half-way leaves the former one.
  const scratch = `${paths.train}.part`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await writeBundle(join(scratch, 'bundle'), bundle.files);
  if (result.fallback) {
    const { files, candidate } = result.fallback;
    const baseline = sealBundle(files.set('places.geojson', places), {
      ...facts,
      candidate,
      is_baseline: true,
    });
    await writeBundle(join(scratch, 'fallback'), baseline.files);
  }
  await writeJson(join(scratch, 'leaderboard.json'), Leaderboard, { model, ...result.leaderboard });
  await writeJson(join(scratch, 'train.json'), TrainFile, about);
  await writeJson(join(scratch, 'curves.json'), CurvesFile, { model, curves: result.curves });
  await writeForecasts(join(scratch, 'forecasts.parquet'), result.forecasts, panel);
  await rm(paths.train, { recursive: true, force: true });
  await rename(scratch, paths.train);
  // Not below `train`: DVC hashes that, and the same training is to have the same hash.
  await writeJson(paths.timings, TimingsFile, {
    model,
    bundle: bundle.digest,
    fit_seconds: result.fitSeconds,
  });
  const failed = result.leaderboard.candidates.filter(({ settings }) => settings.failure !== undefined);
  for (const { name, settings } of failed)
    log.warn({ name, failure: settings.failure }, 'a candidate could not be fitted');
  const without = failed.map(({ name, settings }) => `, without ${name} (${settings.failure})`).join('');
  step.done(`${result.candidate} is the challenger${without}`);
  return about;
}
