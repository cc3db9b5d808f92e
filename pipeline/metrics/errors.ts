import type { Errors } from '../contracts/metrics.ts';
import { weightedIntervalScores } from './losses.ts';

type Numbers = ArrayLike<number>;

export interface ErrorInput {
  /** shape [rows]; NaN = not settled, not scored. */
  truth: Numbers;
  /** shape [rows], in the units of `truth`. */
  forecast: Numbers;
  /** shape [rows × levels.length], row-major; NaN where the model gives no intervals. */
  quantiles?: Numbers;
  /** Ascending, symmetric around 0.5, the median among them. */
  levels?: readonly number[];
  /** In-sample mean absolute error of the seasonal naive forecast: of each row, or of each tract where `tract` is given. */
  scaleErrors?: Numbers;
  /** shape [rows], index into `scaleErrors`. */
  tract?: Numbers;
}

/** Every error of one model on one set of forecasts.
 *  A forecast missing (NaN) where the truth is known makes all errors null: nobody gains by not answering.
 *  @returns shares as fractions; null where an error cannot be computed
 *  @throws RangeError if lengths do not match */
export function scoreForecasts(input: ErrorInput): Errors {
  const rows = scoredRows(input);
  if (rows.forecast.some(Number.isNaN)) return { n: rows.truth.length, ...NOTHING };
  const mean = mse(rows);
  return {
    n: rows.truth.length,
    mse: maybe(mean),
    rmse: maybe(Math.sqrt(mean)),
    mae: maybe(mae(rows)),
    mape: maybe(mape(rows)),
    wape: maybe(wape(rows)),
    mase: maybe(rows.scale ? mase({ ...rows, scale: rows.scale }) : NaN),
    r2: maybe(r2(rows)),
    wis: maybe(rows.quantiles && rows.levels ? wis(rows.truth, rows.quantiles, rows.levels) : NaN),
    coverage90: maybe(
      rows.quantiles && rows.levels && holdsInterval(rows.levels, 0.9)
        ? coverage(rows.truth, rows.quantiles, rows.levels, 0.9)
        : NaN,
    ),
  };
}

const NOTHING = {
  mse: null,
  rmse: null,
  mae: null,
  mape: null,
  wape: null,
  mase: null,
  r2: null,
  wis: null,
  coverage90: null,
} as const;

interface Pair {
  truth: Numbers;
  forecast: Numbers;
}

/** Mean squared error, units². NaN without rows. */
export function mse({ truth, forecast }: Pair): number {
  return meanOf(truth.length, (i) => (forecast[i] - truth[i]) ** 2);
}

/** Root of the mean squared error, units of the truth. */
export function rmse(pair: Pair): number {
  return Math.sqrt(mse(pair));
}

/** Mean absolute error, units of the truth. */
export function mae({ truth, forecast }: Pair): number {
  return meanOf(truth.length, (i) => Math.abs(forecast[i] - truth[i]));
}

/** Mean absolute percentage error over the truths that are not 0, as a fraction. */
export function mape({ truth, forecast }: Pair): number {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === 0) continue;
    sum += Math.abs((forecast[i] - truth[i]) / truth[i]);
    n++;
  }
  return n === 0 ? NaN : sum / n;
}

/** Sum of absolute errors over the sum of absolute truths, as a fraction. */
export function wape({ truth, forecast }: Pair): number {
  let error = 0;
  let total = 0;
  for (let i = 0; i < truth.length; i++) {
    error += Math.abs(forecast[i] - truth[i]);
    total += Math.abs(truth[i]);
  }
  return total === 0 ? NaN : error / total;
}

/** Mean absolute scaled error (Hyndman & Koehler 2006), over rows whose scale is above 0:
 *  a series that never changed in-sample has no scale. */
export function mase({ truth, forecast, scale }: Pair & { scale: Numbers }): number {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < truth.length; i++) {
    if (!(scale[i] > 0)) continue;
    sum += Math.abs(forecast[i] - truth[i]) / scale[i];
    n++;
  }
  return n === 0 ? NaN : sum / n;
}

/** Share of the truth's variance explained: 1 − SSE / SST. NaN where the truth never varies. */
export function r2({ truth, forecast }: Pair): number {
  const mean = meanOf(truth.length, (i) => truth[i]);
  const total = meanOf(truth.length, (i) => (truth[i] - mean) ** 2);
  return total > 0 ? 1 - mse({ truth, forecast }) / total : NaN;
}

/** Mean weighted interval score, units of the truth; see `weightedIntervalScores`. */
export function wis(truth: Numbers, quantiles: Numbers, levels: readonly number[]): number {
  const scores = weightedIntervalScores(truth, quantiles, levels);
  return meanOf(scores.length, (i) => scores[i]);
}

/** Share of truths inside the central interval of the given mass, borders included.
 *  @throws RangeError if the levels do not hold that interval */
export function coverage(
  truth: Numbers,
  quantiles: Numbers,
  levels: readonly number[],
  mass: number,
): number {
  const width = levels.length;
  const [low, high] = ends(levels, mass);
  if (low < 0 || high < 0) throw new RangeError(`levels ${levels.join(', ')} hold no ${mass} interval`);
  return meanOf(truth.length, (i) => {
    const [from, to] = [quantiles[i * width + low], quantiles[i * width + high]];
    if (Number.isNaN(from) || Number.isNaN(to)) return NaN;
    return truth[i] >= from && truth[i] <= to ? 1 : 0;
  });
}

function holdsInterval(levels: readonly number[], mass: number): boolean {
  return ends(levels, mass).every((index) => index >= 0);
}

/** Indices of the levels that bound the central interval; -1 where one is missing. */
function ends(levels: readonly number[], mass: number): [number, number] {
  const at = (wanted: number) => levels.findIndex((level) => Math.abs(level - wanted) < 1e-9);
  return [at((1 - mass) / 2), at((1 + mass) / 2)];
}

/** In-sample mean absolute error of the seasonal naive forecast, the scale of MASE.
 *  @param values shape [tracts × length], row-major
 *  @param observed 1 where a value may be used, same shape
 *  @param options.until only indices up to and including this one are in-sample
 *  @returns shape [tracts]; NaN where a tract has no two observed values a season apart */
export function seasonalScale(
  values: Numbers,
  observed: Numbers,
  { tracts, length, season, until }: { tracts: number; length: number; season: number; until: number },
): Float64Array {
  const scales = new Float64Array(tracts);
  for (let tract = 0; tract < tracts; tract++) {
    let sum = 0;
    let n = 0;
    for (let t = season; t <= Math.min(until, length - 1); t++) {
      const now = tract * length + t;
      if (!observed[now] || !observed[now - season]) continue;
      sum += Math.abs(values[now] - values[now - season]);
      n++;
    }
    scales[tract] = n === 0 ? NaN : sum / n;
  }
  return scales;
}

interface Rows extends Pair {
  truth: Float64Array;
  forecast: Float64Array;
  quantiles?: Float64Array;
  levels?: readonly number[];
  scale?: Float64Array;
}

function scoredRows({ truth, forecast, quantiles, levels, scaleErrors, tract }: ErrorInput): Rows {
  const width = levels?.length ?? 0;
  if (forecast.length !== truth.length)
    throw new RangeError(`${truth.length} truths and ${forecast.length} forecasts`);
  if (quantiles && quantiles.length !== truth.length * width)
    throw new RangeError(`expected ${truth.length} × ${width} quantiles, got ${quantiles.length}`);
  if (scaleErrors && (tract ?? scaleErrors).length !== truth.length)
    throw new RangeError(`${truth.length} truths and ${(tract ?? scaleErrors).length} scales`);

  const kept: number[] = [];
  for (let i = 0; i < truth.length; i++) if (!Number.isNaN(truth[i])) kept.push(i);
  return {
    truth: Float64Array.from(kept, (i) => truth[i]),
    forecast: Float64Array.from(kept, (i) => forecast[i]),
    scale: scaleErrors && Float64Array.from(kept, (i) => scaleErrors[tract ? tract[i] : i]),
    levels,
    quantiles:
      quantiles &&
      Float64Array.from(
        { length: kept.length * width },
        (_, j) => quantiles[kept[Math.floor(j / width)] * width + (j % width)],
      ),
  };
}

function meanOf(n: number, at: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(i);
  return n === 0 ? NaN : sum / n;
}

function maybe(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
