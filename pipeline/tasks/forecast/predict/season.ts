import type { Step } from '../../../contracts/panel.ts';

/** Series of several tracts, row-major [tracts × length]; NaN = unknown. */
export interface SeriesBlock {
  values: Float64Array;
  tracts: number;
  length: number;
  step: Step;
  scale: 'count' | 'real';
}

/** Lags at which calendars repeat, shortest first. A year of days is left to the features: too long to ratio against. */
const NOMINAL: Record<Step, number[]> = { hour: [24, 168], day: [7], week: [52], month: [12] };
const MAX_TRACTS = 60;
const MAX_STEPS = 4000;

/** Finds the season: the lag at which the step-to-step changes repeat themselves, pooled over tracts.
 *  @returns lag in steps; 1 where nothing repeats or less than two and a half seasons are known */
export function findSeason(block: SeriesBlock): number {
  const nominal = NOMINAL[block.step];
  const acf = pooledAutocorrelation(block, Math.max(...nominal) + 2);
  for (const lag of [...nominal, ...otherLags(block.step)]) {
    if (lag + 2 < acf.length && isPeak(acf, lag)) return lag;
  }
  return 1;
}

/** Cycles that no calendar explains (a portal that publishes every 3 days) are looked for last. */
function otherLags(step: Step): number[] {
  return step === 'day' ? [2, 3, 4, 5, 6, 10, 14] : step === 'hour' ? [12] : [];
}

/** A season stands out against the lags beside it, not only against zero: smooth series correlate at every lag. */
function isPeak(acf: Float64Array, lag: number): boolean {
  const here = acf[lag];
  if (!(here > 0.12)) return false;
  const beside = (at(acf, lag - 1) + at(acf, lag + 1) + at(acf, lag - 2) + at(acf, lag + 2)) / 4;
  const half = at(acf, Math.round(lag / 2));
  // A long season is a broad hill: the lags beside it are nearly as high.
  return lag > 14 ? here > half + 0.1 : here > beside + 0.1 && here > half + 0.05;
}

function at(acf: Float64Array, lag: number): number {
  return lag >= 1 && Number.isFinite(acf[lag]) ? acf[lag] : 0;
}

/** Autocorrelation of the step-to-step changes (log changes for counts), weighted equally over tracts.
 *  Changes are cut at four typical sizes: one dump of old cases must not hide the week. */
function pooledAutocorrelation(block: SeriesBlock, maxLag: number): Float64Array {
  const { tracts, length } = block;
  const from = Math.max(0, length - MAX_STEPS);
  const every = Math.max(1, Math.floor(tracts / MAX_TRACTS));
  const sum = new Float64Array(maxLag + 1);
  const weight = new Float64Array(maxLag + 1);
  for (let tract = 0; tract < tracts; tract += every) {
    const changes = changesOf(block, tract, from);
    const variance = meanSquare(changes);
    if (!(variance > 0)) continue;
    for (let lag = 1; lag <= maxLag; lag++) {
      let product = 0;
      let pairs = 0;
      for (let t = lag; t < changes.length; t++) {
        const term = changes[t] * changes[t - lag];
        if (!Number.isNaN(term)) {
          product += term;
          pairs++;
        }
      }
      if (pairs < 1.5 * lag || pairs < 8) continue;
      sum[lag] += product / pairs / variance;
      weight[lag]++;
    }
  }
  return sum.map((value, lag) => (weight[lag] > 0 ? value / weight[lag] : Number.NaN));
}

function changesOf(block: SeriesBlock, tract: number, from: number): Float64Array {
  const offset = tract * block.length;
  const changes = new Float64Array(Math.max(0, block.length - from - 1));
  for (let t = from + 1; t < block.length; t++) {
    const now = level(block, offset + t);
    const before = level(block, offset + t - 1);
    changes[t - from - 1] = now - before;
  }
  const sizes = Array.from(changes, Math.abs)
    .filter((size) => size > 0)
    .sort((a, b) => a - b);
  if (sizes.length === 0) return changes;
  const limit = 4 * sizes[sizes.length >> 1];
  return changes.map((change) => Math.max(-limit, Math.min(limit, change)));
}

function level(block: SeriesBlock, cell: number): number {
  return block.scale === 'count' ? Math.log(Math.max(0, block.values[cell]) + 1) : block.values[cell];
}

function meanSquare(values: Float64Array): number {
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (!Number.isNaN(value)) {
      sum += value * value;
      n++;
    }
  }
  return n > 0 ? sum / n : 0;
}
