import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';

/** The table's rows of the given numbers. */
export function pick(table: ScoredForecasts, rows: number[]): ScoredForecasts {
  const width = LEVELS.length;
  const quantiles = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    quantiles.set(table.quantiles.subarray(row * width, (row + 1) * width), at * width);
  });
  return {
    model: table.model,
    tract: Int32Array.from(rows, (row) => table.tract[row]),
    cutoff: Int32Array.from(rows, (row) => table.cutoff[row]),
    horizon: Uint8Array.from(rows, (row) => table.horizon[row]),
    point: Float64Array.from(rows, (row) => table.point[row]),
    truth: Float64Array.from(rows, (row) => table.truth[row]),
    quantiles,
  };
}
