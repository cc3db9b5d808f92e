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
  const stride = strideOf(total);
  const sample = new Float32Array(Math.floor(total / stride));
  let [n, sampled, seen] = [0, 0, 0];
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < rows; row++) {
    for (let at = row * length; at < row * length + until; at++) {
      const value = values[at];
      seen++;
      if (Number.isNaN(value)) continue;
      n++;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      if (seen % stride === 0) sample[sampled++] = value;
    }
  }
  if (n === 0)
    return { mean: null, std: null, min: null, max: null, q01: null, median: null, q99: null, null_share: 1 };
  const mean = sum / n;
  if (sampled === 0) sample[sampled++] = mean;
  // A second pass, for the textbook's single one cancels where the mean is large.
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    for (let at = row * length; at < row * length + until; at++) {
      const value = values[at];
      if (!Number.isNaN(value)) squares += (value - mean) ** 2;
    }
  }
  const sorted = sample.subarray(0, sampled).sort();
  const quantile = (share: number) => sorted[Math.min(sampled - 1, Math.floor(share * sampled))];
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

/** Steps of a stride through so many cells: never one that falls on the same weekday or hour each time. */
function strideOf(total: number): number {
  let stride = Math.max(1, Math.ceil(total / SAMPLE));
  while (stride % 2 === 0 || stride % 3 === 0 || stride % 7 === 0) stride++;
  return stride;
}
