/** Shares of the members at each lead; rows sum to 1. */
export interface BlendWeights {
  members: string[];
  /** shape [leads][members] */
  weights: number[][];
}

/** Weighted mean of the members' forecasts: of logarithms for counts, so that one wild member pulls less.
 *  Members without an answer (NaN) leave their share to the others.
 *  @param at index of the forecast in each member's values
 *  @returns NaN where no member answers */
export function blendAt(
  values: Float64Array[],
  at: number,
  weights: number[],
  scale: 'count' | 'real',
): number {
  let sum = 0;
  let total = 0;
  for (let member = 0; member < values.length; member++) {
    const value = values[member][at];
    const weight = weights[member];
    if (weight === 0 || Number.isNaN(value)) continue;
    sum += weight * (scale === 'count' ? Math.log(Math.max(0, value) + 1) : value);
    total += weight;
  }
  if (total === 0) return firstKnown(values, at);
  return scale === 'count' ? Math.max(0, Math.exp(sum / total) - 1) : sum / total;
}

function firstKnown(values: Float64Array[], at: number): number {
  for (const of of values) if (!Number.isNaN(of[at])) return of[at];
  return Number.NaN;
}
