/** Numbers of a sample, rows sorted by tract and time. */
export interface SeriesSample {
  /** Index of the tract of each row; equal indices are neighbours. */
  tract: Int32Array;
  columns: Map<string, Float64Array>;
}

/** What a numeric column does over time, within tracts. Shares are NaN where nothing tells. */
export interface SeriesFacts {
  /** Of the steps that change: the share that goes up. */
  rising: number;
  /** Steps that change. */
  moves: number;
  /** Share of tracts where it never changes. */
  fixed: number;
  mean: number;
  /** Mean of the steps up, the flow of a running total. */
  flow: number;
  /** Step-to-step correlation: near 1 for stocks, lower for daily counts. */
  smooth: number;
  /** No number has decimals. */
  whole: boolean;
  negative: boolean;
  count: number;
}

export function seriesFacts(sample: SeriesSample): Map<string, SeriesFacts> {
  const facts = new Map<string, SeriesFacts>();
  for (const [name, values] of sample.columns) facts.set(name, factsOf(sample.tract, values));
  return facts;
}

function factsOf(tract: Int32Array, values: Float64Array): SeriesFacts {
  let up = 0;
  let down = 0;
  let rise = 0;
  let sum = 0;
  let count = 0;
  let whole = true;
  let negative = false;
  let tracts = 0;
  let fixed = 0;
  let moved = false;
  let seen = 0;
  let last = Number.NaN;
  const now: number[] = [];
  const before: number[] = [];
  const close = () => {
    if (seen > 1) {
      tracts++;
      if (!moved) fixed++;
    }
  };
  for (let row = 0; row < values.length; row++) {
    if (row > 0 && tract[row] !== tract[row - 1]) {
      close();
      last = Number.NaN;
      moved = false;
      seen = 0;
    }
    const value = values[row];
    if (Number.isNaN(value)) continue;
    seen++;
    count++;
    sum += value;
    if (whole && value !== Math.floor(value)) whole = false;
    if (value < 0) negative = true;
    if (!Number.isNaN(last)) {
      if (value > last) {
        up++;
        rise += value - last;
      } else if (value < last) down++;
      // Coordinates are published with ever other decimals.
      if (Math.abs(value - last) > 1e-4 * Math.max(1, Math.abs(last))) moved = true;
      now.push(value);
      before.push(last);
    }
    last = value;
  }
  close();
  const moves = up + down;
  return {
    rising: moves === 0 ? Number.NaN : up / moves,
    moves,
    fixed: tracts === 0 ? Number.NaN : fixed / tracts,
    mean: count === 0 ? Number.NaN : sum / count,
    flow: up === 0 ? 0 : rise / Math.max(1, now.length),
    smooth: correlation(now, before),
    whole,
    negative,
    count,
  };
}

/** Share of steps on which the running total grows by exactly the period's count; NaN where too few steps tell. */
export function isDifference(sample: SeriesSample, total: string, period: string): number {
  const totals = sample.columns.get(total)!;
  const counts = sample.columns.get(period)!;
  let equal = 0;
  let told = 0;
  for (let row = 1; row < totals.length; row++) {
    if (sample.tract[row] !== sample.tract[row - 1]) continue;
    const grown = totals[row] - totals[row - 1];
    if (Number.isNaN(grown) || Number.isNaN(counts[row]) || (grown === 0 && counts[row] === 0)) continue;
    told++;
    if (Math.abs(grown - counts[row]) <= 1e-6 * Math.max(1, Math.abs(grown))) equal++;
  }
  return told < 8 ? Number.NaN : equal / told;
}

/** Share of rows with a ≤ b, and the mean of a over that of b, where both are there. */
export function within(
  sample: SeriesSample,
  a: string,
  b: string,
): { share: number; ratio: number; correlation: number } {
  const left = sample.columns.get(a)!;
  const right = sample.columns.get(b)!;
  const xs: number[] = [];
  const ys: number[] = [];
  for (let row = 0; row < left.length; row++) {
    if (Number.isNaN(left[row]) || Number.isNaN(right[row])) continue;
    xs.push(left[row]);
    ys.push(right[row]);
  }
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  const below = xs.filter((x, i) => x <= ys[i]).length;
  return {
    share: xs.length === 0 ? Number.NaN : below / xs.length,
    ratio: total(xs) / total(ys),
    correlation: correlation(xs, ys),
  };
}

function correlation(xs: number[], ys: number[]): number {
  const n = xs.length;
  if (n < 3) return Number.NaN;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(xs), mean(ys)];
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < n; i++) {
    xy += (xs[i] - mx) * (ys[i] - my);
    xx += (xs[i] - mx) ** 2;
    yy += (ys[i] - my) ** 2;
  }
  return xx === 0 || yy === 0 ? Number.NaN : xy / Math.sqrt(xx * yy);
}
