import { z } from 'zod';
import { LEVELS } from '../../../contracts/forecast.ts';

/** Everything that intervals need to go on: part of the bundle, and adapted in each observation pack. */
export const IntervalState = z.object({
  scale: z.enum(['count', 'real']),
  /** Ids of the tracts, in the order of `tractScale`. */
  tracts: z.array(z.string()),
  /** How much wider than usual a tract errs, shrunk toward 1. For real numbers: its typical error, in units. */
  tractScale: z.array(z.number()),
  /** Per horizon 1 … n. */
  horizons: z.array(
    z.object({
      /** Counts: spread² of the log error = relative² + counting / (forecast + 1). */
      relative: z.number(),
      counting: z.number(),
      /** Errors in spreads at LEVELS; the median's is 0. */
      offsets: z.array(z.number()),
      /** Typical |error| in spreads, by which tract scales are judged. */
      typical: z.number(),
      /** How much wider than when calibrated all tracts err of late. */
      breadth: z.number(),
    }),
  ),
  /** Last step whose truths have been taken in, epoch milliseconds; null: none. */
  settledUntil: z.number().nullable(),
});
export type IntervalState = z.infer<typeof IntervalState>;

/** The level that is aimed at so that LEVELS[level] is met: far forecasts settle late, in times that have changed by
 *  then, and their intervals would cover too little. Found on Italy's cutoffs of October 2021 to March 2022. */
export function aimedLevel(level: number, horizon: number): number {
  const tail = 1 - 0.06 * (Math.min(horizon, 7) - 1);
  return LEVELS[level] < 0.5 ? LEVELS[level] * tail : 1 - (1 - LEVELS[level]) * tail;
}

/** How fast offsets follow the newest day: at 0.06, 17 days of misses move the 95 % offset by its size. */
const OFFSET_RATE = 0.06;
const TRACT_RATE = 0.02;
/** Chosen, as the two above, on Italy’s cutoffs of October 2021 to March 2022: in the explosion of December the
 *  90 % interval of the next day covered 78 % without it, 88 % with it. */
const BREADTH_RATE = 0.15;

/** Spread of errors around a forecast on the scale of `errorOf`. */
export function spreadAt(state: IntervalState, tract: number, horizon: number, forecast: number): number {
  const { relative, counting, breadth } = state.horizons[horizon - 1];
  const scale = (state.tractScale[tract] ?? 1) * breadth;
  if (state.scale === 'real') return scale;
  return scale * Math.sqrt(relative * relative + counting / (Math.max(0, forecast) + 1));
}

/** Of a tract that the state does not know. */
export function usualScale({ tractScale }: IntervalState): number {
  return [...tractScale].sort((a, b) => a - b)[tractScale.length >> 1] ?? 1;
}

/** Error on the scale where spreads are measured: log ratio for counts, difference for real numbers. */
export function errorOf(scale: 'count' | 'real', truth: number, forecast: number): number {
  return scale === 'real'
    ? truth - forecast
    : Math.log(Math.max(0, truth) + 1) - Math.log(Math.max(0, forecast) + 1);
}

/** Quantiles of a forecast at LEVELS: never decreasing, never negative for counts, the median the forecast itself. */
export function quantilesAt(
  state: IntervalState,
  { tract, horizon, forecast }: { tract: number; horizon: number; forecast: number },
  into: Float64Array = new Float64Array(LEVELS.length),
  at = 0,
): Float64Array {
  const { offsets } = state.horizons[horizon - 1];
  const spread = spreadAt(state, tract, horizon, forecast);
  for (let level = 0; level < LEVELS.length; level++) {
    const error = offsets[level] * spread;
    const value =
      state.scale === 'real'
        ? forecast + error
        : (Math.max(0, forecast) + 1) * Math.exp(Math.min(error, 20)) - 1;
    into[at + level] = state.scale === 'real' ? value : Math.max(0, value);
  }
  return into;
}

/** Takes in the truths of one step, in place: offsets follow where the truths fell (conformal quantile tracking,
 *  Angelopoulos, Candès & Tibshirani 2023, after the adaptive conformal inference of Gibbs & Candès 2021), tract
 *  scales follow the size of the errors.
 *  @param settled forecasts for that step with their truths, one horizon at a time */
export function settle(
  state: IntervalState,
  horizon: number,
  settled: { tract: number; forecast: number; truth: number }[],
): void {
  const of = state.horizons[horizon - 1];
  const scaled: number[] = [];
  for (const { tract, forecast, truth } of settled) {
    const z = errorOf(state.scale, truth, forecast) / spreadAt(state, tract, horizon, forecast);
    if (!Number.isFinite(z)) continue;
    scaled.push(z);
    const surprise = Math.min(4, Math.abs(z) / of.typical) - 1;
    // Every horizon has a say each day; together they move a scale as one of them alone would.
    state.tractScale[tract] = clamp(
      state.tractScale[tract] * Math.exp((TRACT_RATE / state.horizons.length) * surprise),
      state.scale === 'real' ? 0 : 0.3,
      state.scale === 'real' ? Number.POSITIVE_INFINITY : 4,
    );
  }
  if (scaled.length === 0) return;
  const usual = scaled.reduce((sum, z) => sum + Math.min(4, Math.abs(z) / of.typical), 0) / scaled.length;
  // One tract says less of a day than many do.
  const rate = BREADTH_RATE * (scaled.length / (scaled.length + 4));
  of.breadth = clamp(of.breadth * Math.exp(rate * (usual - 1)), 0.3, 4);
  const median = LEVELS.indexOf(0.5);
  const reach = Math.max(0.2, (of.offsets[LEVELS.length - 2] - of.offsets[1]) / 2);
  for (let level = 0; level < LEVELS.length; level++) {
    if (level === median) continue;
    const below = scaled.filter((z) => z <= of.offsets[level]).length / scaled.length;
    of.offsets[level] += OFFSET_RATE * reach * (aimedLevel(level, horizon) - below);
  }
  for (let level = median - 1; level >= 0; level--)
    of.offsets[level] = Math.min(of.offsets[level], of.offsets[level + 1]);
  for (let level = median + 1; level < LEVELS.length; level++)
    of.offsets[level] = Math.max(of.offsets[level], of.offsets[level - 1]);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
