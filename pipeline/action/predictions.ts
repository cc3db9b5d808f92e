import { UsageError } from '../contracts/errors.ts';
import type { LossTable } from '../contracts/losses.ts';
import type { MetricsFile } from '../contracts/metrics.ts';
import type { PromotionParams } from '../contracts/params.ts';
import { scoreForecasts } from '../metrics/errors.ts';
import { absoluteErrors, squaredErrors } from '../metrics/losses.ts';
import { type Decision, decide } from '../stages/compare/decide.ts';

export const SIDES = ['challenger', 'champion', 'baseline'] as const;
type Side = (typeof SIDES)[number];

/** A file of predictions, column by column. */
export interface Predictions {
  /** Epoch milliseconds. */
  time: Float64Array;
  truth: Float64Array;
  challenger: Float64Array;
  champion: Float64Array | null;
  baseline: Float64Array | null;
  /** What must not get worse on its own: a region, a product. */
  slice: string[] | null;
}

export interface Compared {
  decision: Decision;
  metrics: MetricsFile;
  losses: LossTable[];
  notes: string[];
}

/** Metrics that predictions alone can tell. */
export const METRICS_OF_PREDICTIONS = ['wape', 'mae', 'rmse'] as const;

/** The project's own decision on predictions that somebody else's models made.
 *  @param times how many moments a block of the bootstrap holds: at least as long as errors stay alike
 *  @throws UsageError where nothing can be compared */
export function comparePredictions(
  predictions: Predictions,
  {
    model,
    policy,
    times,
    digest,
    madeAt,
    commit,
  }: {
    model: string;
    policy: PromotionParams;
    times: number;
    digest: string;
    madeAt: string;
    commit: string;
  },
): Compared {
  if (predictions.truth.length === 0) throw new UsageError('the predictions have no row');
  if (!predictions.champion && !predictions.baseline) {
    throw new UsageError('the predictions have neither a column `champion` nor a column `baseline`', {
      hint: 'a number without one beside it means nothing: add what is in use today, or a plain guess',
    });
  }
  const notes: string[] = [];
  if (!predictions.baseline) notes.push('There is no column `baseline`: the champion stands in for it.');
  const columns: [Side, Float64Array][] = [
    ['challenger', predictions.challenger],
    ...(predictions.champion ? [['champion', predictions.champion] as [Side, Float64Array]] : []),
    ['baseline', (predictions.baseline ?? predictions.champion)!],
  ];
  const slices = [...new Set(predictions.slice ?? ['all'])];
  const losses = columns.map(([role, forecast]) =>
    lossTable(predictions, { role, forecast, slices, policy }),
  );
  const models = losses.map((table) => ({
    name: table.role,
    role: table.role,
    ...(table.role !== 'baseline' && { digest }),
    overall: scoreForecasts(table),
    by_horizon: {},
    by_tract: predictions.slice ? bySlice(table) : {},
    by_phase: {},
    smoothed: {},
  }));
  const [challenger, ...others] = models;
  const champion = others.find(({ role }) => role === 'champion');
  const moments = [...new Set(predictions.time)].sort((a, b) => a - b);
  const gaps = moments.slice(1).map((time, i) => time - moments[i]);
  const spacing = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 1;
  const decision = decide({
    model,
    challenger: { name: 'challenger', digest, isBaseline: false, errors: challenger.overall },
    champion: champion ? { name: 'champion', version: 'in use', digest, errors: champion.overall } : null,
    baselines: others
      .filter(({ role }) => role === 'baseline')
      .map(({ name, overall }) => ({ name, errors: overall })),
    losses,
    policy,
    look: 1,
    blockMs: times * spacing,
  });
  const span: [string, string] = [isoOf(moments[0]), isoOf(moments[moments.length - 1])];
  const metrics: MetricsFile = {
    model,
    made_at: madeAt,
    commit,
    data_version: digest.slice(0, 12),
    windows: { tune: span, select: span, calibrate: span, decide: span },
    cutoffs: moments.length,
    models,
  };
  return { decision, metrics, losses, notes };
}

function lossTable(
  { time, truth, slice }: Predictions,
  {
    role,
    forecast,
    slices,
    policy,
  }: { role: Side; forecast: Float64Array; slices: string[]; policy: PromotionParams },
): LossTable {
  const index = new Map(slices.map((name, i) => [name, i]));
  const rows = truth.length;
  return {
    role,
    model: role,
    tracts: slices,
    tract: Int32Array.from({ length: rows }, (_, row) => index.get(slice?.[row] ?? slices[0])!),
    cutoff: time,
    horizon: new Int32Array(rows).fill(1),
    truth,
    forecast,
    loss: policy.metric === 'rmse' ? squaredErrors(truth, forecast) : absoluteErrors(truth, forecast),
    wis: new Float64Array(rows).fill(NaN),
    phase: new Int32Array(rows),
  };
}

function bySlice({ tracts, tract, truth, forecast }: LossTable) {
  const rows = tracts.map((): number[] => []);
  tract.forEach((of, row) => void rows[of].push(row));
  return Object.fromEntries(
    rows.map((of, i) => [
      tracts[i],
      scoreForecasts({ truth: of.map((row) => truth[row]), forecast: of.map((row) => forecast[row]) }),
    ]),
  );
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
