import { createHash } from 'node:crypto';
import { readTargetPanel } from '../clients/dataset-file.ts';
import type { Mlflow } from '../clients/mlflow/mlflow.ts';
import { Recipe, recipePath } from '../clients/recipe.ts';
import type { StageContext } from '../context.ts';
import { CorruptError, UsageError } from '../contracts/errors.ts';
import type { ModelParams } from '../contracts/params.ts';
import { Plan, windowsOf } from '../contracts/plan.ts';
import { readJson } from '../files.ts';
import { taskFor } from '../tasks/index.ts';

/** A model's settings with those of one of its trials.
 *  @throws UsageError where `train.trials` has no such name */
export function withTrial(params: ModelParams, name: string): ModelParams {
  const trial = Object.hasOwn(params.train.trials, name) ? params.train.trials[name] : null;
  if (!trial) {
    const known = Object.keys(params.train.trials);
    throw new UsageError(`there is no trial "${name}" in train.trials`, {
      hint: known.length > 0 ? `it lists ${known.join(', ')}` : 'it lists none; add one to params.yaml',
    });
  }
  return { ...params, train: { ...params.train, ...trial } };
}

/** Settings that a training of this model may have been made with: its own, or those of the trial that was best. */
export function settingsTried(params: ModelParams): ModelParams[] {
  return [params, ...Object.keys(params.train.trials).map((name) => withTrial(params, name))];
}

/** What trials of one and the same training share: data, plan, code and settings. Their runs carry it as a tag. */
export async function trialKey(context: StageContext, dataVersion: string): Promise<string> {
  const { workspace, model, paths } = context;
  const recipe = await needed('the recipe', readJson(recipePath(workspace, model, 'train'), Recipe));
  const plan = await needed(paths.plan, readJson(paths.plan, Plan));
  return createHash('sha256')
    .update(JSON.stringify([dataVersion, plan, recipe]))
    .digest('hex');
}

export interface TrialRequest {
  mlflow: Mlflow;
  experiment: string;
  /** Of `trialKey`. */
  key: string;
}

/** Trains one trial on the features that are there and logs how it did on the window that selects; nothing is registered
 *  and nothing is kept. The decide window has no say: the challenger is judged on it.
 *  @returns mean loss over the horizons on the select window */
export async function runTrial(
  context: StageContext,
  { mlflow, experiment, key, name }: TrialRequest & { name: string },
): Promise<{ score: number | null; run: string }> {
  const { paths, model, now, progress, signal } = context;
  const params = withTrial(context.params, name);
  const plan = await needed(paths.plan, readJson(paths.plan, Plan));
  const { panel } = await readTargetPanel(paths.features);
  const { experiment_id: experimentId } = await mlflow.ensureExperiment(experiment);
  const run = await mlflow.createRun({
    experimentId,
    name: `trial ${name} of ${model}`,
    startTime: now(),
    tags: { 'perennial.trial': name, 'perennial.trial_key': key, 'perennial.model': model },
  });
  const runId = run.info.run_id;
  const step = progress.start(`trial ${name}`, 1);
  try {
    const limit = AbortSignal.timeout(params.train.max_minutes * 60_000);
    const { leaderboard } = await taskFor(params.task).train({
      panel,
      params,
      windows: windowsOf(plan, panel),
      onProgress: (share, note) => step.set(share, note),
      signal: AbortSignal.any([signal, limit]),
    });
    const score = selectionLoss(leaderboard);
    const { trials: _, ...settings } = params.train;
    await mlflow.logBatch(runId, {
      params: { ...settings, candidate: leaderboard.chosen },
      metrics: score === null ? [] : [{ key: SCORE, value: score, timestamp: now().getTime(), step: 0 }],
    });
    await mlflow.updateRun(runId, { status: 'FINISHED', endTime: now() });
    step.done(score === null ? 'no score' : `${SCORE} ${score.toPrecision(4)}`);
    return { score, run: runId };
  } catch (error) {
    step.done('failed');
    await mlflow.updateRun(runId, { status: 'FAILED', endTime: now() });
    throw error;
  }
}

/** The trial that lost least on the select window, among those of this very training that came to an end.
 *  @returns null where none did: then the settings themselves are trained */
export async function bestTrial(
  { params }: StageContext,
  { mlflow, experiment, key }: TrialRequest,
): Promise<{ name: string; score: number; run: string } | null> {
  const found = await mlflow.experimentByName(experiment);
  if (!found) return null;
  const runs = await mlflow.searchRuns({
    experimentIds: [found.experiment_id],
    filter: `tags.\`perennial.trial_key\` = '${key}' and attributes.status = 'FINISHED'`,
    limit: 1_000,
  });
  const scored = runs.flatMap(({ info, data }) => {
    const name = data.tags['perennial.trial'] ?? '';
    const score = data.metrics.find((metric) => metric.key === SCORE)?.value;
    const listed = Object.hasOwn(params.train.trials, name);
    return listed && score !== undefined && Number.isFinite(score) ? [{ name, score, run: info.run_id }] : [];
  });
  // Of equal ones the first by name: all who ask get the same answer.
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return scored[0] ?? null;
}

const SCORE = 'selection_loss';

/** Mean over the horizons; `by_horizon` of a leaderboard holds losses, its `score` is relative to the best there. */
export function selectionLoss({
  chosen,
  candidates,
}: {
  chosen: string;
  candidates: { name: string; by_horizon: Record<string, number | null> }[];
}): number | null {
  const losses = Object.values(candidates.find(({ name }) => name === chosen)?.by_horizon ?? {});
  const known = losses.filter((loss): loss is number => loss !== null);
  if (known.length === 0 || known.length < losses.length) return null;
  return known.reduce((sum, loss) => sum + loss, 0) / known.length;
}

async function needed<T>(what: string, value: Promise<T | null>): Promise<T> {
  const found = await value;
  if (found !== null) return found;
  throw new CorruptError(`${what} is missing`, { hint: 'features and plan come before a trial' });
}
