import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDataset } from '../../clients/dataset-file.ts';
import { writeForecasts } from '../../clients/forecast-file.ts';
import { readHistory } from '../../clients/history-folder.ts';
import { readLosses } from '../../clients/loss-file.ts';
import { type StageContext, silent } from '../../context.ts';
import { FeatureSchema } from '../../contracts/features.ts';
import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import { Leaderboard } from '../../contracts/metrics.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { ModelParams } from '../../contracts/params.ts';
import { Plan } from '../../contracts/plan.ts';
import { Production } from '../../contracts/promotion.ts';
import type { Registry } from '../../contracts/registry.ts';
import { TrainFile } from '../../contracts/train.ts';
import { readJson, writeJson } from '../../files.ts';
import { writeBundle } from '../../registry/bundle-folder.ts';
import { folderRegistry } from '../../registry/folder.ts';
import { sealBundle } from '../../registry/manifest.ts';
import type { Task } from '../../tasks/task.ts';
import { paths, workspaceAt } from '../../workspace.ts';
import { evaluate } from '../evaluate/run.ts';
import { register } from '../register/run.ts';
import { compare } from './run.ts';

const versions = { commit: '0123abcd', dataVersion: 'd41d8cd98f00b204' };
const TRACTS = 12;
const LENGTH = 200;
const DECIDE: [number, number] = [130, 192];
let root: string;
let context: StageContext;
let registry: Registry;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'loop-'));
  const workspace = workspaceAt(root);
  const at = paths(workspace, 'infections');
  let minute = 0;
  context = {
    workspace,
    paths: at,
    model: 'infections',
    params: ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] }, horizons: [1, 7] }),
    now: () => new Date(Date.UTC(2026, 6, 1, 0, minute++)),
    log: pino({ level: 'silent' }),
    progress: silent,
    signal: new AbortController().signal,
  };
  registry = folderRegistry(at.registry, { model: 'infections', now: context.now });
  await writeFeatures();
});
afterAll(() => rm(root, { recursive: true }));

describe('evaluate, compare and register, one after the other', () => {
  it('publish a first model that beats its baseline', async () => {
    const promotion = await round({ candidate: 'trees', error: 0.15, trainEnd: 120 });
    expect(promotion).toMatchObject({ outcome: 'first', promote: true, cutoffs: 63 });
    expect((await registry.alias('champion'))?.version).toBe('v0001');
    expect(await readJson(context.paths.production, Production)).toMatchObject({
      version: 'v0001',
      candidate: 'trees',
      digest: promotion.challenger.digest,
    });
  });

  it('keep the champion against a worse challenger, and count the look', async () => {
    const promotion = await round({ candidate: 'lstm', error: 0.2, trainEnd: 121 });
    expect(promotion).toMatchObject({ outcome: 'worse', merge: false, promote: false, look: { number: 1 } });
    expect((await registry.alias('champion'))?.version).toBe('v0001');
    expect((await registry.alias('challenger'))?.version).toBe('v0002');
    const [, refusal] = await readHistory(context.paths.history);
    expect(refusal).toMatchObject({ kind: 'refusal', from: 'v0001', to: 'v0002', why: promotion.reason });
  });

  it('promote a better one at the second look', async () => {
    const promotion = await round({ candidate: 'blend', error: 0.1, trainEnd: 122 });
    expect(promotion).toMatchObject({ outcome: 'better', promote: true, look: { number: 2 } });
    expect((await registry.alias('champion'))?.version).toBe('v0003');
    expect((await readHistory(context.paths.history)).map(({ kind }) => kind)).toEqual([
      'promotion',
      'refusal',
      'promotion',
    ]);
  });

  it('score all sides on the same rows, none of which the champion has learnt from', async () => {
    await round({ candidate: 'blend', error: 0.1, trainEnd: 123 });
    const early = (await readLosses(join(context.paths.evaluate, 'losses.parquet')))!;
    expect(early.map(({ role }) => role)).toEqual(['challenger', 'champion', 'baseline']);
    for (const table of early) {
      expect(table.truth).toEqual(early[0].truth);
      expect(Math.min(...table.cutoff)).toBe(timeAt(panel(), DECIDE[0]));
      expect(table.truth.some(Number.isNaN)).toBe(false);
    }
  });

  it('leave a report that says the verdict, the rules and where the numbers are from', async () => {
    const report = await readFile(context.paths.report, 'utf8');
    for (const part of [
      '## infections: Inconclusive',
      '✓',
      'County 3',
      versions.dataVersion,
      '0123abcd',
      'WAPE',
    ])
      expect(report).toContain(part);
  });

  it('leave days that the champion has learnt from out of the comparison', async () => {
    const promotion = await round({ candidate: 'blend', error: 0.02, trainEnd: 150 });
    expect(promotion.promote).toBe(true);
    const next = await round({ candidate: 'trees', error: 0.01, trainEnd: 151 });
    // Cutoffs 150 … 192: the champion learnt up to day 150.
    expect(next.cutoffs).toBe(43);
  });
});

interface Recipe {
  candidate: string;
  /** Relative error of its forecasts. */
  error: number;
  trainEnd: number;
}

/** What train would leave for a recipe, then the three stages. */
async function round(recipe: Recipe) {
  const at = context.paths;
  const champion = await registry.alias('champion');
  const time = (index: number) => new Date(timeAt(panel(), index)).toISOString();
  const span = (from: number, to: number): [string, string] => [time(from), time(to)];
  await writeJson(at.plan, Plan, {
    model: 'infections',
    data: span(0, LENGTH - 1),
    windows: {
      tune: span(60, 80),
      select: span(81, 100),
      calibrate: span(101, 120),
      decide: span(...DECIDE),
    },
    champion: champion && {
      version: champion.version,
      digest: champion.digest,
      train_end: champion.train_end,
    },
  });
  const train: TrainFile = {
    model: 'infections',
    candidate: recipe.candidate,
    is_baseline: false,
    train_end: time(recipe.trainEnd),
    hyperparameters: { error: recipe.error },
  };
  const { files } = sealBundle(new Map([['error.json', Buffer.from(JSON.stringify(recipe.error))]]), {
    ...train,
    task: 'forecast',
    created_at: context.now().toISOString(),
    commit: versions.commit,
    data_version: versions.dataVersion,
  });
  await writeBundle(join(at.train, 'bundle'), files);
  await writeJson(join(at.train, 'train.json'), TrainFile, train);
  const names = ['lstm', 'trees', 'blend', 'seasonal-naive'];
  await writeJson(join(at.train, 'leaderboard.json'), Leaderboard, {
    model: 'infections',
    metric: 'wape',
    chosen: recipe.candidate,
    candidates: names.map((name) => ({
      name,
      is_baseline: name === 'seasonal-naive',
      score: 0.2,
      by_horizon: {},
      settings: {},
    })),
  });
  await writeForecasts(
    join(at.train, 'forecasts.parquet'),
    [
      forecasts('challenger', recipe.error, DECIDE),
      ...names.map((name, i) => forecasts(name, 0.2 + i / 50, DECIDE)),
    ],
    panel(),
  );
  await evaluate(context, { registry, ...versions, task });
  const promotion = await compare(context, versions);
  await register(context, { registry, promotion, ...versions });
  return promotion;
}

/** Scores a bundle by the error it carries: what a trained model's own code would do. */
const task = {
  kind: 'forecast',
  baseline: 'seasonal-naive',
  score: async (files, _panel, window) =>
    forecasts('champion', JSON.parse(Buffer.from(files.get('error.json')!).toString()), window),
} as Pick<Task, 'kind' | 'baseline' | 'score'> as Task;

function forecasts(model: string, error: number, [from, to]: [number, number]): ScoredForecasts {
  const { values } = panel();
  const rows: { tract: number; cutoff: number; horizon: number }[] = [];
  for (let tract = 0; tract < TRACTS; tract++)
    for (let cutoff = from; cutoff <= to; cutoff++)
      for (const horizon of [1, 7]) rows.push({ tract, cutoff, horizon });
  const truth = rows.map(({ tract, cutoff, horizon }) => values[tract * LENGTH + cutoff + horizon] ?? NaN);
  const point = rows.map(({ tract, cutoff, horizon }, row) => {
    const side = (cutoff + horizon + tract + model.length) % 2 === 0 ? 1 : -1;
    return truth[row] * (1 + side * error * (1 + 0.3 * Math.sin(cutoff + model.length)));
  });
  return {
    model,
    tract: Int32Array.from(rows, ({ tract }) => tract),
    cutoff: Int32Array.from(rows, ({ cutoff }) => cutoff),
    horizon: Uint8Array.from(rows, ({ horizon }) => horizon),
    truth: Float64Array.from(truth, (y, row) => (row % 97 === 0 ? NaN : y)),
    point: Float64Array.from(point),
    quantiles: Float64Array.from({ length: rows.length * LEVELS.length }, (_, i) => {
      const level = LEVELS[i % LEVELS.length];
      return point[Math.floor(i / LEVELS.length)] * (1 + (level - 0.5) * 2.5 * error);
    }),
  };
}

function panel(): TargetPanel {
  return {
    step: 'day',
    start: Date.UTC(2025, 0, 1),
    stepMs: 86_400_000,
    length: LENGTH,
    tracts: Array.from({ length: TRACTS }, (_, i) => ({
      id: `42${String(i).padStart(3, '0')}`,
      name: `County ${i}`,
    })),
    target: 'new_cases',
    scale: 'count',
    values: Float64Array.from({ length: TRACTS * LENGTH }, (_, i) => {
      const [tract, day] = [Math.floor(i / LENGTH), i % LENGTH];
      return Math.round(
        100 * (tract + 1) * (1.5 + Math.sin(day / 25)) * (1 + 0.2 * Math.sin((2 * Math.PI * day) / 7)),
      );
    }),
    observed: new Uint8Array(TRACTS * LENGTH).fill(1),
    delay: 0,
  };
}

async function writeFeatures(): Promise<void> {
  const { features } = context.paths;
  const made = panel();
  await writeJson(join(features, 'schema.json'), FeatureSchema, {
    model: 'infections',
    target: made.target,
    scale: made.scale,
    step: made.step,
    start: new Date(made.start).toISOString(),
    step_ms: made.stepMs,
    length: made.length,
    delay: 0,
    settled_until: new Date(timeAt(made, LENGTH - 1)).toISOString(),
    rows: TRACTS * LENGTH,
    filled: 0,
    columns: [],
    tracts: made.tracts,
  });
  await writeDataset(features, made, [], {});
}
