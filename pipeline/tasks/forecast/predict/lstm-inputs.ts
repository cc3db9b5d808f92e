import type { Known } from './fitted.ts';
import { AHEAD, type Days, daysOf } from './lstm-days.ts';
import { type Base, harmonics, type LstmShape, leadWidth, stepWidth } from './lstm-shape.ts';

/** Series of every tract on the network's scale, made once a forecast or a fit. shape [tracts × length] each. */
export interface LstmSeries {
  shape: LstmShape;
  tracts: number;
  length: number;
  last: number;
  /** log1p of a count, or a real divided by its tract's spread; NaN = unknown. */
  value: Float64Array;
  /** Difference to the same place of the season before; 0 where unknown. */
  change: Float64Array;
  /** The value's mean over the last season, on the same scale. */
  level: Float64Array;
  /** The level's difference to a season before. */
  growth: Float64Array;
  observed: Uint8Array;
  /** All tracts together. shape [length] */
  together: { change: Float64Array; level: Float64Array; growth: Float64Array };
  /** Divisor of each tract's values: 1 for counts. shape [tracts] */
  spread: Float64Array;
  days: Days;
}

const LIMIT = 4;
const clip = (x: number): number => (Number.isNaN(x) ? 0 : Math.max(-LIMIT, Math.min(LIMIT, x)));

/** @param spread divisor of each tract's values, shape [tracts]; see `spreads` */
export function lstmSeries(known: Known, shape: LstmShape, spread: Float64Array): LstmSeries {
  const { length, tracts } = known.panel;
  const n = tracts.length;
  const { season, scale } = shape;
  const raw = known.values;
  const value = new Float64Array(n * length).fill(Number.NaN);
  const level = new Float64Array(n * length).fill(Number.NaN);
  const total = new Float64Array(length);
  const present = new Float64Array(length);
  const toScale = (v: number, tract: number) =>
    scale === 'count' ? Math.log1p(Math.max(0, v)) : v / spread[tract];
  for (let tract = 0; tract < n; tract++) {
    const row = tract * length;
    let sum = 0;
    let count = 0;
    for (let s = 0; s <= known.last; s++) {
      const v = raw[row + s];
      value[row + s] = toScale(v, tract);
      if (Number.isFinite(v)) {
        sum += v;
        count += 1;
        total[s] += scale === 'count' ? Math.max(0, v) : v / spread[tract];
        present[s] += 1;
      }
      const gone = s >= season ? raw[row + s - season] : Number.NaN;
      if (Number.isFinite(gone)) {
        sum -= gone;
        count -= 1;
      }
      if (count > 0) level[row + s] = toScale(sum / count, tract);
    }
  }
  const mean = total.map((sum, s) => (present[s] > 0 ? sum / present[s] : Number.NaN));
  const meanValue = mean.map((v) => (scale === 'count' ? Math.log1p(v) : v));
  const meanLevel = trailingMean(mean, season).map((v) => (scale === 'count' ? Math.log1p(v) : v));
  return {
    shape,
    tracts: n,
    length,
    last: known.last,
    value,
    change: differences(value, { rows: n, length, lag: season }),
    level,
    growth: differences(level, { rows: n, length, lag: season }),
    observed: known.observed,
    together: {
      change: differences(meanValue, { rows: 1, length, lag: season }),
      level: meanLevel,
      growth: differences(meanLevel, { rows: 1, length, lag: season }),
    },
    spread,
    days: daysOf(known.panel, shape),
  };
}

/** Writes the window that ends at `end` (its last step seen).
 *  @param out at [k · stride + at, …): step k of the window, `stepWidth` numbers; time-major batches have stride batch · width */
export function writeWindow(
  series: LstmSeries,
  { tract, end }: { tract: number; end: number },
  out: Float32Array,
  { at, stride }: { at: number; stride: number },
): void {
  const { lookback, season } = series.shape;
  const width = stepWidth(season);
  const waves = 2 * harmonics(season);
  const { phase } = series.days;
  const off = series.days.off[tract];
  const row = tract * series.length;
  const level = series.level[row + end];
  for (let k = 0; k < lookback; k++) {
    const s = end - lookback + 1 + k;
    let o = at + k * stride;
    if (s < 0) {
      out.fill(0, o, o + width);
      continue;
    }
    out[o++] = clip(series.value[row + s] - level);
    out[o++] = clip(2 * series.change[row + s]);
    out[o++] = clip(2 * series.together.change[s]);
    out[o++] = clip(2 * series.growth[row + s]);
    out[o++] = clip(2 * (series.value[row + s] - (s > 0 ? series.value[row + s - 1] : Number.NaN)));
    out[o++] = series.observed[row + s];
    out[o++] = off[s + AHEAD];
    out[o++] = off[s + AHEAD - 1];
    for (let p = 0; p < waves; p++) out[o++] = phase[(s + AHEAD) * waves + p];
  }
}

/** Writes what is known of each lead's target step. shape [maxLead × leadWidth] from `at` on. */
export function writeLeads(
  series: LstmSeries,
  { tract, end }: { tract: number; end: number },
  out: Float32Array,
  at: number,
): void {
  const { maxLead, season } = series.shape;
  const width = leadWidth(season);
  const waves = 2 * harmonics(season);
  const { value, change, growth, together } = series;
  const { phase, year } = series.days;
  const off = series.days.off[tract];
  const row = tract * series.length;
  const level = series.level[row + end];
  for (let lead = 1; lead <= maxLead; lead++) {
    const target = end + lead;
    const aligned = target - season * Math.ceil(lead / season);
    const before = aligned - season;
    const inside = aligned >= 0;
    let o = at + (lead - 1) * width;
    // The past at the same place of the season.
    out[o++] = inside ? clip(value[row + aligned] - level) : 0;
    out[o++] = inside ? clip(2 * change[row + aligned]) : 0;
    out[o++] = inside ? clip(2 * together.change[aligned]) : 0;
    out[o++] = before >= 0 ? clip(2 * change[row + before]) : 0;
    out[o++] = inside ? series.observed[row + aligned] : 0;
    out[o++] = inside ? off[aligned + AHEAD] : 0;
    out[o++] = inside ? off[aligned + AHEAD - 1] : 0;
    // The target step itself.
    out[o++] = off[target + AHEAD];
    out[o++] = off[target + AHEAD - 1];
    out[o++] = off[target + AHEAD - 2];
    // The newest step, and all tracts together.
    out[o++] = clip(value[row + end] - level);
    out[o++] = clip(2 * change[row + end]);
    out[o++] = clip(2 * growth[row + end]);
    out[o++] = clip(2 * (end >= season ? growth[row + end - season] : Number.NaN));
    out[o++] = clip(2 * together.change[end]);
    out[o++] = clip(2 * together.growth[end]);
    // How large the tract is, and how noisy counts of this size are.
    out[o++] = clip(0.5 * (level - together.level[end]));
    out[o++] = series.shape.scale === 'count' ? Math.exp(-0.5 * Math.max(0, level)) : 0;
    out[o++] = year[2 * (target + AHEAD)];
    out[o++] = year[2 * (target + AHEAD) + 1];
    // Where the past to compare with was a holiday or the day after, what it fell by comes back.
    out[o++] = inside && off[aligned + AHEAD] ? clip(2 * change[row + aligned]) : 0;
    out[o++] = inside && off[aligned + AHEAD - 1] ? clip(2 * change[row + aligned]) : 0;
    for (let p = 0; p < waves; p++) out[o++] = phase[(target + AHEAD) * waves + p];
  }
}

/** What the network's answer is added to, on its scale; NaN where nothing is known yet. */
export function baseAt(
  series: LstmSeries,
  { tract, end, lead, base }: { tract: number; end: number; lead: number; base: Base },
): number {
  const row = tract * series.length;
  if (base === 'last') return series.value[row + end];
  const seasons = Math.ceil(lead / series.shape.season);
  const aligned = end + lead - series.shape.season * seasons;
  const value = aligned >= 0 ? series.value[row + aligned] : Number.NaN;
  // Early in a series the level stands in for the season that is not there yet.
  const anchor = Number.isFinite(value) ? value : series.level[row + end];
  return base === 'seasonal' ? anchor : anchor + seasons * series.growth[row + end];
}

/** From the network's scale back to the series' own. Counts are never negative. */
export function fromScale(series: LstmSeries, tract: number, x: number): number {
  return series.shape.scale === 'count' ? Math.max(0, Math.expm1(Math.min(x, 40))) : x * series.spread[tract];
}

/** Mean absolute difference to the season before, a tract each, over what was observed; 1 where there is none. */
export function spreads(known: Known, { season, scale }: Pick<LstmShape, 'season' | 'scale'>): Float64Array {
  const { length, tracts } = known.panel;
  return Float64Array.from(tracts, (_, tract) => {
    if (scale === 'count') return 1;
    let sum = 0;
    let count = 0;
    for (let s = season; s <= known.last; s++) {
      const i = tract * length + s;
      if (!known.observed[i] || !known.observed[i - season]) continue;
      const difference = Math.abs(known.values[i] - known.values[i - season]);
      if (!Number.isFinite(difference)) continue;
      sum += difference;
      count += 1;
    }
    return count > 0 && sum > 0 ? sum / count : 1;
  });
}

function differences(
  values: Float64Array,
  { rows, length, lag }: { rows: number; length: number; lag: number },
): Float64Array {
  const out = new Float64Array(rows * length);
  for (let row = 0; row < rows; row++) {
    for (let s = lag; s < length; s++) {
      const difference = values[row * length + s] - values[row * length + s - lag];
      out[row * length + s] = Number.isFinite(difference) ? difference : 0;
    }
  }
  return out;
}

function trailingMean(values: Float64Array, width: number): Float64Array {
  return values.map((_, s) => {
    let sum = 0;
    let count = 0;
    for (let k = Math.max(0, s - width + 1); k <= s; k++) {
      if (!Number.isFinite(values[k])) continue;
      sum += values[k];
      count += 1;
    }
    return count > 0 ? sum / count : Number.NaN;
  });
}
