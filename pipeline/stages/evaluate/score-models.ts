import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import { type LossTable, PHASES } from '../../contracts/losses.ts';
import type { Errors, MetricsFile } from '../../contracts/metrics.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import type { PromotionParams } from '../../contracts/params.ts';
import { scoreForecasts, seasonalScale } from '../../metrics/errors.ts';
import { absoluteErrors, squaredErrors, weightedIntervalScores } from '../../metrics/losses.ts';
import { phasesOf } from './phases.ts';
import { pick } from './pick-rows.ts';
import { smoothed } from './smoothed.ts';

/** What scoring needs to know of the series. */
export interface Yardstick {
  panel: Pick<TargetPanel, 'tracts' | 'values' | 'observed' | 'length' | 'delay'>;
  season: number;
  /** shape [tracts]; in-sample error of the seasonal naive, the scale of MASE. */
  scale: Float64Array;
}

/** @param until last index that is in-sample: before the first scored cutoff */
export function yardstick(
  panel: TargetPanel,
  { season, until }: { season: number; until: number },
): Yardstick {
  const shape = { tracts: panel.tracts.length, length: panel.length, season, until };
  return { panel, season, scale: seasonalScale(panel.values, panel.observed, shape) };
}

type ModelErrors = MetricsFile['models'][number];

/** All errors of one model: overall, and by horizon, tract, phase and of the rolling mean.
 *  @param detail false leaves out what nobody reads of mere candidates */
export function scoreModel(
  table: ScoredForecasts,
  yard: Yardstick,
  { role, name, detail }: { role: ModelErrors['role']; name: string; detail: boolean },
): ModelErrors {
  const phases = phasesOf(table, { ...yard.panel, season: yard.season });
  const horizons = groupRows(table.horizon, String);
  const by = (groups: Map<string, number[]>) =>
    Object.fromEntries([...groups].map(([key, rows]) => [key, errorsOf(pick(table, rows), yard)]));
  return {
    name,
    role,
    overall: errorsOf(table, yard),
    by_horizon: by(horizons),
    by_tract: detail ? by(groupRows(table.tract, (tract) => yard.panel.tracts[tract].id)) : {},
    by_phase: detail ? by(groupRows(phases, (phase) => PHASES[phase])) : {},
    smoothed: detail ? smoothedErrors(table, yard, horizons) : {},
  };
}

/** The rows of one side for `losses.parquet`. */
export function lossTable(
  table: ScoredForecasts,
  yard: Yardstick,
  {
    role,
    name,
    metric,
    start,
  }: {
    role: LossTable['role'];
    name: string;
    metric: PromotionParams['metric'];
    start: (cutoff: number) => number;
  },
): LossTable {
  const wis = weightedIntervalScores(table.truth, table.quantiles, LEVELS);
  return {
    role,
    model: name,
    tracts: yard.panel.tracts.map(({ id }) => id),
    tract: table.tract,
    cutoff: Float64Array.from(table.cutoff, start),
    horizon: Int32Array.from(table.horizon),
    truth: table.truth,
    forecast: table.point,
    loss: LOSS[metric](table, yard, wis),
    wis,
    phase: phasesOf(table, { ...yard.panel, season: yard.season }),
  };
}

/** Loss of a row such that its sum decides the metric, up to what both sides share. */
const LOSS: Record<
  PromotionParams['metric'],
  (table: ScoredForecasts, yard: Yardstick, wis: Float64Array) => Float64Array
> = {
  wape: ({ truth, point }) => absoluteErrors(truth, point),
  mae: ({ truth, point }) => absoluteErrors(truth, point),
  rmse: ({ truth, point }) => squaredErrors(truth, point),
  wis: (_table, _yard, wis) => wis,
  // A tract that never changed in-sample has no scale and no part in MASE.
  mase: ({ truth, point, tract }, { scale }) =>
    absoluteErrors(truth, point).map((error, row) => (scale[tract[row]] > 0 ? error / scale[tract[row]] : 0)),
};

function errorsOf(table: ScoredForecasts, { scale }: Yardstick): Errors {
  return scoreForecasts({
    truth: table.truth,
    forecast: table.point,
    quantiles: table.quantiles,
    levels: LEVELS,
    scaleErrors: scale,
    tract: table.tract,
  });
}

function smoothedErrors(
  table: ScoredForecasts,
  { panel, season }: Yardstick,
  horizons: Map<string, number[]>,
): Record<string, Errors> {
  const { truth, forecast } = smoothed(table, { ...panel, season });
  return Object.fromEntries(
    [...horizons].map(([horizon, rows]) => [
      horizon,
      scoreForecasts({ truth: rows.map((row) => truth[row]), forecast: rows.map((row) => forecast[row]) }),
    ]),
  );
}

function groupRows(keys: ArrayLike<number>, name: (key: number) => string): Map<string, number[]> {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < keys.length; row++) {
    const rows = groups.get(keys[row]);
    if (rows) rows.push(row);
    else groups.set(keys[row], [row]);
  }
  return new Map([...groups].sort(([a], [b]) => a - b).map(([key, rows]) => [name(key), rows]));
}
