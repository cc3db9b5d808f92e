/** Features cut into at most 254 bins; bin 0 holds what is unknown. */
export interface Binned {
  columns: Uint8Array[];
  /** Upper edge of each bin, inclusive; [0] is not used. The last bin is open. */
  upper: Float32Array[];
}

const MAX_BINS = 254;
const SAMPLE = 8000;

/** Bins with about equally many rows; few distinct values get one bin each. */
export function binColumns(columns: Float32Array[]): Binned {
  const upper = columns.map(edges);
  return { upper, columns: columns.map((column, feature) => binColumn(column, upper[feature])) };
}

function edges(column: Float32Array): Float32Array {
  const every = Math.max(1, Math.floor(column.length / SAMPLE));
  const sample: number[] = [];
  for (let row = 0; row < column.length; row += every)
    if (!Number.isNaN(column[row])) sample.push(column[row]);
  const sorted = Float32Array.from(sample).sort();
  const cuts: number[] = [];
  for (let bin = 1; bin < MAX_BINS; bin++) {
    const index = Math.floor((bin * sorted.length) / MAX_BINS);
    const cut = sorted[index];
    if (index < sorted.length - 1 && cut < sorted[sorted.length - 1] && cut !== cuts[cuts.length - 1])
      cuts.push(cut);
  }
  return Float32Array.from([Number.NaN, ...cuts, Number.POSITIVE_INFINITY]);
}

function binColumn(column: Float32Array, upper: Float32Array): Uint8Array {
  const bins = new Uint8Array(column.length);
  for (let row = 0; row < column.length; row++) {
    const value = column[row];
    if (Number.isNaN(value)) continue;
    let low = 1;
    let high = upper.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= upper[middle]) high = middle;
      else low = middle + 1;
    }
    bins[row] = low;
  }
  return bins;
}
