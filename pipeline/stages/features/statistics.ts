import type { FeatureColumn, FeatureStatistics } from '../../contracts/features.ts';

type ColumnStatistics = FeatureStatistics['columns'][string];

/** Cells a quantile is taken over; a stride through the training part beyond that. */
const SAMPLE = 200_000;

/**
 * Statistics of each column over the training part only.
 * @param options.until first step that is no longer training, as an index
 */
export function columnStatistics(
  columns: Pick<FeatureColumn, 'name' | 'values'>[],
  options: { length: number; until: number },
): Record<string, ColumnStatistics> {
  return Object.fromEntries(columns.map(({ name, values }) => [name, describe(values, options)]));
}

function describe(
  values: Float32Array,
  { length, until }: { length: number; until: number },
): ColumnStatistics {
  const rows = values.length / length;
  const total = rows * until;
  const stride = Math.max(1, Math.ceil(total / SAMPLE));
  const sample: number[] = [];
  let n = 0;
  let mean = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let seen = 0;
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < until; t++) {
      const value = values[row * length + t];
      seen++;
      if (Number.isNaN(value)) continue;
      n++;
      // Welford's update: one pass, no cancellation.
      const delta = value - mean;
      mean += delta / n;
      squares += delta * (value - mean);
      if (value < min) min = value;
      if (value > max) max = value;
      if (seen % stride === 0) sample.push(value);
    }
  }
  if (n === 0)
    return { mean: null, std: null, min: null, max: null, q01: null, median: null, q99: null, null_share: 1 };
  if (sample.length === 0) sample.push(mean);
  sample.sort((a, b) => a - b);
  const quantile = (share: number) => sample[Math.min(sample.length - 1, Math.floor(share * sample.length))];
  return {
    mean,
    std: n > 1 ? Math.sqrt(squares / (n - 1)) : null,
    min,
    max,
    q01: quantile(0.01),
    median: quantile(0.5),
    q99: quantile(0.99),
    null_share: total === 0 ? 0 : 1 - n / total,
  };
}
