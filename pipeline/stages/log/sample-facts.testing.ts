import { join } from 'node:path';
import { writeLosses } from '../../clients/loss-file.ts';
import type { StageContext } from '../../context.ts';
import { FeatureSchema } from '../../contracts/features.ts';
import type { LossTable } from '../../contracts/losses.ts';
import { type Errors, Leaderboard, MetricsFile } from '../../contracts/metrics.ts';
import { ModelParams } from '../../contracts/params.ts';
import { Plan } from '../../contracts/plan.ts';
import { Promotion } from '../../contracts/promotion.ts';
import { CurvesFile, TimingsFile, TrainFile } from '../../contracts/train.ts';
import { writeJson, writeWhole } from '../../files.ts';
import { writeBundle } from '../../registry/bundle-folder.ts';
import { sampleBundle } from '../../registry/sample-bundle.testing.ts';
import type { RunFacts } from './facts.ts';

const DAY = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00.000Z');
const { files, digest } = sampleBundle('one');

const errors = (wape: number, wis: number | null = 9): Errors => ({
  ...{ n: 12, mse: 4, rmse: 2, mae: 18.6, mape: 0.2, wape, mase: 0.8, r2: 0.9, wis, coverage90: 0.912 },
});

/** Two cutoffs of two tracts: the challenger errs by 10 of 100, then by 30 of 200. */
function losses(role: LossTable['role'], model: string, error: number): LossTable {
  return {
    ...{ role, model, tracts: ['a', 'b'] },
    tract: Int32Array.of(0, 1, 0, 1),
    cutoff: Float64Array.of(start + DAY, start + DAY, start, start),
    horizon: Int32Array.of(1, 1, 1, 1),
    truth: Float64Array.of(100, 100, 50, 50),
    forecast: Float64Array.of(100 + error, 100 - 2 * error, 50 + error, 50),
    loss: Float64Array.of(error, error, error, 0),
    wis: new Float64Array(4).fill(Number.NaN),
    phase: new Int32Array(4),
  };
}

/** A run that beat champion and baseline. */
export function sampleFacts(): RunFacts {
  const params = ModelParams.parse({
    task: 'forecast',
    source: {
      urls: ['https://user:hush@example.org/regions.csv?api_key=hush'],
      json: { records: 'rows', query: { api_key: 'hush', region: 'all' } },
      key: { env: 'PORTAL_KEY', header: 'x-key' },
    },
    roles: { 'Fälle | neu': 'new_cases' },
    horizons: [1, 2, 3],
  });
  const at = '2026-07-01T22:05:00.000Z';
  const span: [string, string] = ['2026-05-01T00:00:00.000Z', '2026-06-25T00:00:00.000Z'];
  const windows = { tune: span, select: span, calibrate: span, decide: span };
  const model = 'm';
  return {
    model,
    params,
    urls: ['https://example.org/regions.csv?api_key=***'],
    commit: 'c0ffee'.padEnd(40, '0'),
    dataVersion: 'd41d8cd98f00b204e9800998ecf8427e.dir',
    startedAt: '2026-07-01T22:00:00.000Z',
    endedAt: at,
    origin: {
      user: 'the robot',
      source: 'https://example.org/team/models',
      kind: 'command',
      branch: 'main',
      repository: 'https://example.org/team/models',
      page: null,
    },
    parent: null,
    review: null,
    version: 'v0003',
    promotion: {
      model,
      decided_at: at,
      outcome: 'better',
      merge: true,
      promote: true,
      reason: 'blend forecasts 20.0 % better than the champion.',
      rules: [],
      metric: 'wape',
      challenger: { name: 'blend', digest, score: 0.16 },
      champion: { name: 'lstm', version: 'v0002', digest: 'f'.repeat(64), score: 0.2 },
      baseline: { name: 'seasonal-naive', score: 0.3 },
      improvement: { estimate: 0.2, low: 0.1, high: 0.3, smallest_visible: null },
      cutoffs: 56,
      look: { number: 1, alpha: 0.03 },
      policy: { min_improvement: 0.02, allowed_loss: 0.01 },
    },
    metrics: {
      model,
      made_at: at,
      commit: 'c0ffee'.padEnd(40, '0'),
      data_version: 'd41d8cd98f00b204e9800998ecf8427e.dir',
      windows,
      cutoffs: 56,
      models: [
        ['blend', 'challenger', errors(0.16)] as const,
        ['lstm', 'champion', errors(0.2, null)] as const,
        ['seasonal-naive', 'baseline', errors(0.3)] as const,
        ['persistence', 'baseline', errors(0.4)] as const,
        ['trees', 'candidate', errors(0.17)] as const,
      ].map(([name, role, overall]) => ({
        ...{ name, role, overall, by_tract: {}, by_phase: {}, smoothed: {} },
        by_horizon: { '1': overall, '3': errors(0.5) },
        ...(role === 'challenger' && { digest }),
      })),
    },
    schema: {
      ...{ model, target: 'new_cases', scale: 'count', step: 'day', step_ms: DAY, length: 181, delay: 1 },
      start: new Date(start).toISOString(),
      settled_until: '2026-06-28T00:00:00.000Z',
      ...{ rows: 362, filled: 4 },
      columns: [
        { name: 'tract', type: 'text', unit: '', description: 'id' },
        { name: 'time', type: 'time', unit: '', description: 'day' },
        { name: 'new_cases', type: 'number', unit: 'cases', description: 'target' },
      ],
      tracts: [
        { id: 'a', name: 'A' },
        { id: 'b', name: 'B' },
      ],
    },
    train: {
      ...{ model, candidate: 'blend', is_baseline: false, train_end: '2026-06-30T00:00:00.000Z' },
      hyperparameters: { members: 'lstm trees', seed: 1 },
    },
    leaderboard: {
      ...{ model, metric: 'relative_mae', chosen: 'blend' },
      candidates: [
        { name: 'blend', is_baseline: false, score: 1, by_horizon: {}, settings: { lstm: 0.6, trees: 0.4 } },
        { name: 'lstm', is_baseline: false, score: null, by_horizon: {}, settings: {} },
      ],
    },
    plan: {
      ...{ model, data: span, windows },
      champion: { version: 'v0002', digest: 'f'.repeat(64), train_end: '2026-04-30T00:00:00.000Z' },
    },
    curves: {
      model,
      curves: [
        { name: 'lstm-1/training-loss', unit: 'step', every: 15, points: [0.5, 0.25] },
        { name: 'lstm-1/held-out-loss', unit: 'step', every: 60, points: [null] },
      ],
    },
    timings: { model, bundle: digest, fit_seconds: { lstm: 12.5 } },
    losses: [
      losses('challenger', 'blend', 10),
      losses('champion', 'lstm', 20),
      losses('baseline', 'seasonal-naive', 30),
      losses('baseline', 'persistence', 40),
    ],
    gate: null,
    snapshot: 'a'.repeat(64),
  };
}

/** Writes them as the stages leave them. */
export async function leaveRun({ paths: at }: StageContext, facts = sampleFacts()): Promise<void> {
  await writeJson(at.promotion, Promotion, facts.promotion);
  await writeJson(at.metrics, MetricsFile, facts.metrics);
  await writeJson(at.plan, Plan, facts.plan);
  await writeJson(join(at.features, 'schema.json'), FeatureSchema, facts.schema);
  await writeJson(join(at.train, 'train.json'), TrainFile, facts.train);
  await writeJson(join(at.train, 'leaderboard.json'), Leaderboard, facts.leaderboard);
  await writeJson(join(at.train, 'curves.json'), CurvesFile, facts.curves!);
  await writeJson(at.timings, TimingsFile, facts.timings!);
  await writeBundle(join(at.train, 'bundle'), files);
  await writeWhole(at.report, '# Report\n');
  await writeWhole(join(at.profile, 'profile.html'), '<title>Profile</title>');
  await writeLosses(join(at.evaluate, 'losses.parquet'), facts.losses!);
}
