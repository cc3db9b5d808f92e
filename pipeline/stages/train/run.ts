import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readTargetPanel } from '../../clients/dataset-file.ts';
import { writeForecasts } from '../../clients/forecast-file.ts';
import type { StageContext } from '../../context.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { Leaderboard } from '../../contracts/metrics.ts';
import { timeAt } from '../../contracts/panel.ts';
import { Plan, windowsOf } from '../../contracts/plan.ts';
import { TrainFile } from '../../contracts/train.ts';
import { readJson, writeJson, writeWhole } from '../../files.ts';
import { taskFor } from '../../tasks/index.ts';

/** Data set and plan → challenger's files, leaderboard and forecasts in `artifacts/<model>/train`. */
export async function train(context: StageContext): Promise<TrainFile> {
  const { paths, params, model, progress, signal } = context;
  const plan = await readJson(paths.plan, Plan);
  if (!plan) {
    throw new CorruptError(`${paths.plan} is missing`, { hint: 'start the training through `perennial run`, which writes it' });
  }
  const { panel } = await readTargetPanel(paths.features);
  const step = progress.start(`training ${model}`, 1);
  const result = await taskFor(params.task).train({
    panel,
    params,
    windows: windowsOf(plan, panel),
    onProgress: (share, note) => step.set(share, note),
    signal,
  });
  const about: TrainFile = {
    model,
    candidate: result.candidate,
    is_baseline: result.isBaseline,
    train_end: new Date(timeAt(panel, result.trainEnd)).toISOString(),
    hyperparameters: result.hyperparameters,
  };
  const scratch = `${paths.train}.part`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(join(scratch, 'bundle'), { recursive: true });
  for (const [path, bytes] of result.files) await writeWhole(join(scratch, 'bundle', path), bytes);
  await writeJson(join(scratch, 'leaderboard.json'), Leaderboard, { model, ...result.leaderboard });
  await writeJson(join(scratch, 'train.json'), TrainFile, about);
  await writeForecasts(join(scratch, 'forecasts.parquet'), result.forecasts, panel);
  await rm(paths.train, { recursive: true, force: true });
  await rename(scratch, paths.train);
  step.done(`${result.candidate} is the challenger`);
  return about;
}

/** The challenger's files as the train stage left them.
 *  @param directory `artifacts/<model>/train` */
export async function readChallenger(directory: string): Promise<{ files: BundleFiles; about: TrainFile }> {
  const about = await readJson(join(directory, 'train.json'), TrainFile);
  if (!about) throw new CorruptError(`${directory} has no train.json`, { hint: 'run the train stage again' });
  const root = join(directory, 'bundle');
  const files: BundleFiles = new Map();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(root, path).replaceAll('\\', '/'), await readFile(path));
  }
  return { files, about };
}
