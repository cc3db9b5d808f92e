import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDataset } from '../../clients/dataset-file.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { type FeatureColumn, FeatureSchema, FeatureStatistics } from '../../contracts/features.ts';
import { TractsFile } from '../../contracts/observations.ts';
import { indexAt, type Panel, STEP_MS, type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { Plan } from '../../contracts/plan.ts';
import { MEASURES } from '../../contracts/roles.ts';
import { readJson, writeJson } from '../../files.ts';
import { taskFor } from '../../tasks/index.ts';
import { withCountries } from './country.ts';
import { learnDelay } from './delay.ts';
import { fillGaps } from './fill.ts';
import { type Observations, readObservations } from './read-observations.ts';
import { targetRevisions } from './revisions.ts';
import { columnStatistics } from './statistics.ts';
import { chooseTarget, RHYTHM } from './target.ts';

export interface Features {
  panel: TargetPanel;
  schema: FeatureSchema;
}

/** Observations → data set, its schema and its statistics in `artifacts/<model>/features`. */
export async function features(context: StageContext): Promise<Features> {
  const { paths, params, model, progress } = context;
  const step = progress.start(`features of ${model}`, 4);
  const about = await readJson(paths.tracts, TractsFile);
  if (!about) {
    throw new CorruptError(`${paths.tracts} is missing`, {
      hint: 'run ingest and gate first, or `dvc pull` the data',
    });
  }
  const wanted = params.target ?? about.target;
  const observations = await readObservations(paths.observations, about, wanted);
  step.set(1, 'cleaning');
  const panel = targetPanel(observations, wanted);
  step.set(2, 'deriving');
  const columns = taskFor(params.task).columns(panel);
  step.set(3, 'writing');
  const schema = describe({
    model,
    panel,
    columns,
    measures: observations.panel.series,
    settled: params.settled_after_days,
  });
  const until = await trainingEnd(paths.plan, panel);
  const statistics = {
    fitted_until: new Date(timeAt(panel, Math.max(0, until - 1))).toISOString(),
    rows: panel.tracts.length * until,
    columns: columnStatistics([{ name: 'value', values: Float32Array.from(panel.values) }, ...columns], {
      length: panel.length,
      until,
    }),
  };
  // The whole folder appears at once: a stage killed half-way leaves the former one.
  const scratch = `${paths.features}.part`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await writeDataset(scratch, panel, columns, observations.panel.series);
  await writeJson(join(scratch, 'schema.json'), FeatureSchema, schema);
  await writeJson(join(scratch, 'feature_statistics.json'), FeatureStatistics, statistics);
  await rm(paths.features, { recursive: true, force: true });
  await rename(scratch, paths.features);
  step.done(`${schema.rows} rows, ${schema.filled} filled, delay ${panel.delay} ${panel.step}s`);
  return { panel, schema };
}

/** Cleaned, gap-filled, with its reporting delay. */
export function targetPanel(observations: Observations, wanted: string): TargetPanel {
  const { panel } = observations;
  const target = chooseTarget(panel, wanted);
  const { values, observed } = fillGaps(target.values, {
    length: panel.length,
    rhythm: RHYTHM[panel.step],
    scale: target.scale,
  });
  const revisions = targetRevisions(observations, panel, target);
  const delay = learnDelay({
    revisions,
    values: target.values,
    tracts: panel.tracts.length,
    start: panel.start,
    stepMs: panel.stepMs,
    length: panel.length,
  });
  return {
    step: panel.step,
    start: panel.start,
    stepMs: panel.stepMs,
    length: panel.length,
    tracts: withCountries(panel.tracts),
    target: target.name,
    scale: target.scale,
    values,
    observed,
    revisions,
    delay,
  };
}

/** Without a plan (the daily forecast, before any training) the newest fifth stays out of the statistics. */
async function trainingEnd(path: string, panel: TargetPanel): Promise<number> {
  const plan = await readJson(path, Plan);
  if (!plan) return Math.max(1, Math.floor(panel.length * 0.8));
  return Math.min(panel.length, Math.max(1, indexAt(panel, Date.parse(plan.windows.decide[0]))));
}

function describe(input: {
  model: string;
  panel: TargetPanel;
  columns: FeatureColumn[];
  measures: Panel['series'];
  settled: number;
}): FeatureSchema {
  const { model, panel, columns, measures, settled } = input;
  const unit = panel.scale === 'count' ? 'count' : 'as published';
  const settledSteps = Math.ceil((settled * STEP_MS.day) / STEP_MS[panel.step]);
  const last = Math.max(0, panel.length - 1 - (panel.step === 'hour' ? 0 : settledSteps));
  let filled = 0;
  panel.values.forEach((value, cell) => {
    if (!Number.isNaN(value) && panel.observed[cell] === 0) filled++;
  });
  return {
    model,
    target: panel.target,
    scale: panel.scale,
    step: panel.step,
    start: new Date(panel.start).toISOString(),
    step_ms: panel.stepMs,
    length: panel.length,
    delay: panel.delay,
    settled_until: new Date(timeAt(panel, last)).toISOString(),
    rows: panel.values.length,
    filled,
    columns: [
      { name: 'tract_id', type: 'text', unit: '', description: 'key of the tract' },
      {
        name: 'time',
        type: 'time',
        unit: '',
        description: `${panel.step} of the observation, wall clock of the source`,
      },
      { name: 'value', type: 'number', unit, description: `${panel.target}, gaps filled by extrapolation` },
      { name: 'observed', type: 'boolean', unit: '', description: 'false where the value is filled' },
      ...columns.map(({ name, unit: of, description }) => ({
        name,
        type: 'number' as const,
        unit: of,
        description,
      })),
      ...MEASURES.filter((measure) => measures[measure] && measure !== panel.target).map((measure) => ({
        name: measure,
        type: 'number' as const,
        unit,
        description: `${measure.replaceAll('_', ' ')} as published`,
      })),
    ],
    tracts: panel.tracts,
    revisions_since: panel.revisions && new Date(panel.revisions.since).toISOString(),
  };
}
