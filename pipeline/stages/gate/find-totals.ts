/** Numbers of one tract at the same moments as all others; NaN = unknown. */
export interface TractSeries {
  tract: number;
  name: string;
  values: Float64Array;
}

/** Tracts that are the sum of others may be nested: so many of the largest are looked at. */
const LARGEST = 7;
const CLOSE = 0.01;

/**
 * Tracts that are the sum of all others, also where further sums stand among those (a country, and the country with its
 * neighbour).
 * @param named whether a tract's name says that it is a total; then half of the moments are proof enough
 */
export function findTotals(series: readonly TractSeries[], named: (name: string) => boolean): TractSeries[] {
  const bySize = [...series].sort((a, b) => size(b.values) - size(a.values));
  const totals: TractSeries[] = [];
  const largest = bySize.slice(0, LARGEST);
  // Smallest first: a sum within a sum is known when the larger one is looked at.
  for (const candidate of largest.toReversed()) {
    const others = bySize.filter((one) => one !== candidate && !totals.includes(one));
    const larger = others.filter((one) => largest.includes(one) && size(one.values) > size(candidate.values));
    // What is larger than a sum is no part of it; of two sums nearly alike the smaller may leave out a small tract.
    const parts = others.filter((one) => !larger.includes(one));
    if (parts.length < 3) continue;
    const share = agreeing(candidate.values, parts);
    if (share >= (named(candidate.name) ? 0.5 : 0.9)) totals.push(candidate);
  }
  return totals;
}

function agreeing(values: Float64Array, parts: readonly TractSeries[]): number {
  let [told, close] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] > 0)) continue;
    let sum = 0;
    for (const part of parts) if (!Number.isNaN(part.values[i])) sum += part.values[i];
    told++;
    if (Math.abs(sum - values[i]) <= CLOSE * values[i]) close++;
  }
  return told < 5 ? 0 : close / told;
}

function size(values: Float64Array): number {
  let sum = 0;
  for (const value of values) if (!Number.isNaN(value)) sum += value;
  return sum;
}
