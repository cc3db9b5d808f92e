import { LEVELS } from '../../contracts/forecast.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import {
  aimedLevel,
  errorOf,
  type IntervalState,
  quantilesAt,
  settle,
  spreadAt,
} from './predict/intervals.ts';

/** Point forecasts of one model at consecutive cutoffs, by horizon.
 *  `point` has shape [cutoffs × tracts × horizons]. */
export interface Issued {
  from: number;
  cutoffs: number;
  tracts: number;
  horizons: number;
  point: Float64Array;
}

interface Row {
  tract: number;
  forecast: number;
  truth: number;
  age: number;
}

/** Days in which a residual's weight halves: errors of the last wave say less than those of this month. */
const HALF_LIFE = 60;
const MAX_ROWS = 6000;

/** Intervals from the errors of forecasts that were made out of sample (split conformal, weighted by recency).
 *  @param truth shape [tracts × length], NaN = unknown
 *  @param targets first and last target step to learn from */
export function calibrate(
  panel: TargetPanel,
  issued: Issued,
  truth: Float64Array,
  targets: [number, number],
): IntervalState {
  const byHorizon = Array.from({ length: issued.horizons }, (_, index) =>
    rowsOf(panel, issued, truth, targets, index + 1),
  );
  const { scale } = panel;
  const state: IntervalState = {
    scale,
    tracts: panel.tracts.map((tract) => tract.id),
    tractScale: panel.tracts.map(() => 1),
    horizons: byHorizon.map((rows) => ({
      ...(scale === 'count' ? noiseOf(rows) : { relative: 0, counting: 0 }),
      offsets: LEVELS.map(() => 0),
      typical: 1,
      breadth: 1,
    })),
    settledUntil: null,
  };
  if (scale === 'real') state.tractScale = typicalErrors(byHorizon, panel.tracts.length);
  else state.tractScale = relativeScales(state, byHorizon, panel.tracts.length);
  byHorizon.forEach((rows, index) => {
    Object.assign(state.horizons[index], offsetsOf(state, rows, index + 1));
  });
  return state;
}

function rowsOf(
  panel: TargetPanel,
  issued: Issued,
  truth: Float64Array,
  targets: [number, number],
  horizon: number,
): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < issued.cutoffs; index++) {
    const target = issued.from + index + horizon;
    if (target < targets[0] || target > targets[1]) continue;
    for (let tract = 0; tract < issued.tracts; tract++) {
      const value = truth[tract * panel.length + target];
      const forecast = issued.point[(index * issued.tracts + tract) * issued.horizons + horizon - 1];
      if (Number.isFinite(value) && Number.isFinite(forecast))
        rows.push({ tract, forecast, truth: value, age: targets[1] - target });
    }
  }
  const every = Math.ceil(rows.length / MAX_ROWS);
  return every > 1 ? rows.filter((_, index) => index % every === 0) : rows;
}

/** The pair that makes the errors likeliest, were they Laplace: small counts are noisy by nature, large ones by
 *  the share that reporting and growth vary. */
function noiseOf(rows: Row[]): { relative: number; counting: number } {
  let best = { relative: 0.3, counting: 1 };
  let bestLoss = Number.POSITIVE_INFINITY;
  if (rows.length < 10) return best;
  for (const relative of [0.03, 0.05, 0.08, 0.12, 0.17, 0.23, 0.3, 0.4, 0.55, 0.8]) {
    for (const counting of [0.3, 1, 2, 4]) {
      let loss = 0;
      for (const { truth, forecast } of rows) {
        const spread = Math.sqrt(relative * relative + counting / (forecast + 1));
        loss += Math.log(spread) + Math.abs(errorOf('count', truth, forecast)) / spread;
      }
      if (loss < bestLoss) {
        bestLoss = loss;
        best = { relative, counting };
      }
    }
  }
  return best;
}

/** Each tract's typical error against the spread, drawn toward 1 with the weight of 40 errors. */
function relativeScales(state: IntervalState, byHorizon: Row[][], tracts: number): number[] {
  const sum = new Float64Array(tracts);
  const n = new Float64Array(tracts);
  byHorizon.forEach((rows, index) => {
    for (const { tract, truth, forecast } of rows) {
      sum[tract] += Math.min(
        5,
        Math.abs(errorOf('count', truth, forecast)) / spreadAt(state, tract, index + 1, forecast),
      );
      n[tract]++;
    }
  });
  const mean = total(sum) / Math.max(1, total(n)) || 1;
  const prior = 40 * byHorizon.length;
  return Array.from(sum, (value, tract) => (value / mean + prior) / (n[tract] + prior));
}

function typicalErrors(byHorizon: Row[][], tracts: number): number[] {
  const sum = new Float64Array(tracts);
  const n = new Float64Array(tracts);
  for (const rows of byHorizon) {
    for (const { tract, truth, forecast } of rows) {
      sum[tract] += Math.abs(truth - forecast);
      n[tract]++;
    }
  }
  const mean = total(sum) / Math.max(1, total(n)) || 1;
  return Array.from(sum, (value, tract) => (value + 5 * mean) / (n[tract] + 5));
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Errors in spreads of a normal law: what one assumes before there is anything to learn from. */
const NORMAL = [-1.96, -1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 1.96];

function offsetsOf(
  state: IntervalState,
  rows: Row[],
  horizon: number,
): { offsets: number[]; typical: number } {
  const scaled = rows
    .map((row) => ({
      z: errorOf(state.scale, row.truth, row.forecast) / spreadAt(state, row.tract, horizon, row.forecast),
      weight: 0.5 ** (row.age / HALF_LIFE),
    }))
    .filter(({ z }) => Number.isFinite(z))
    .sort((a, b) => a.z - b.z);
  if (scaled.length < 20) return { offsets: [...NORMAL], typical: 0.8 };
  const weight = scaled.reduce((sum, row) => sum + row.weight, 0);
  const typical = scaled.reduce((sum, row) => sum + row.weight * Math.abs(row.z), 0) / weight;
  const offsets = LEVELS.map((_, level) => quantile(scaled, aimedLevel(level, horizon) * weight));
  const median = LEVELS.indexOf(0.5);
  // The point forecast is the median: what is off centre is left to the quantiles around it.
  const monotone = offsets.map((offset, level) =>
    level < median ? Math.min(0, offset) : Math.max(0, offset),
  );
  monotone[median] = 0;
  return { offsets: monotone, typical: Math.max(1e-6, typical) };
}

function quantile(sorted: { z: number; weight: number }[], at: number): number {
  let sum = 0;
  for (const { z, weight } of sorted) {
    sum += weight;
    if (sum >= at) return z;
  }
  return sorted[sorted.length - 1].z;
}

/** Quantiles at LEVELS for every issued forecast of some cutoffs, the state following the truths as they settle:
 *  at each cutoff only targets up to it have been taken in. `state` is changed.
 *  @param truthAt truths as they were known at a cutoff, shape [tracts × length]
 *  @returns shape [cutoffs × tracts × horizons × levels], NaN outside `cutoffs` */
export function followed(
  state: IntervalState,
  panel: TargetPanel,
  issued: Issued,
  truthAt: (cutoff: number) => Float64Array,
  cutoffs: [number, number],
): Float64Array {
  const levels = LEVELS.length;
  const out = new Float64Array(issued.point.length * levels).fill(Number.NaN);
  const delay = Math.max(0, panel.delay);
  for (let cutoff = cutoffs[0]; cutoff <= cutoffs[1]; cutoff++) {
    const settled = cutoff - delay;
    const truth = truthAt(cutoff);
    for (let horizon = 1; horizon <= issued.horizons; horizon++) {
      settle(state, horizon, settledRows(panel, issued, truth, settled, horizon));
    }
    const index = cutoff - issued.from;
    for (let tract = 0; tract < issued.tracts; tract++) {
      for (let horizon = 1; horizon <= issued.horizons; horizon++) {
        const at = (index * issued.tracts + tract) * issued.horizons + horizon - 1;
        const forecast = issued.point[at];
        if (Number.isFinite(forecast)) quantilesAt(state, { tract, horizon, forecast }, out, at * levels);
      }
    }
  }
  return out;
}

function settledRows(
  panel: TargetPanel,
  issued: Issued,
  truth: Float64Array,
  target: number,
  horizon: number,
): { tract: number; forecast: number; truth: number }[] {
  const index = target - horizon - issued.from;
  if (index < 0 || index >= issued.cutoffs) return [];
  const rows: { tract: number; forecast: number; truth: number }[] = [];
  for (let tract = 0; tract < issued.tracts; tract++) {
    const value = truth[tract * panel.length + target];
    const forecast = issued.point[(index * issued.tracts + tract) * issued.horizons + horizon - 1];
    if (Number.isFinite(value) && Number.isFinite(forecast)) rows.push({ tract, forecast, truth: value });
  }
  return rows;
}
