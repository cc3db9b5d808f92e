type Numbers = ArrayLike<number>;

/** |forecast − truth| of each row; NaN where either is. */
export function absoluteErrors(truth: Numbers, forecast: Numbers): Float64Array {
  return Float64Array.from({ length: truth.length }, (_, i) => Math.abs(forecast[i] - truth[i]));
}

/** (forecast − truth)² of each row; NaN where either is. */
export function squaredErrors(truth: Numbers, forecast: Numbers): Float64Array {
  return Float64Array.from({ length: truth.length }, (_, i) => (forecast[i] - truth[i]) ** 2);
}

/**
 * Weighted interval score of each row (Bracher, Ray, Gneiting & Reich 2021, eq. 1):
 *   WIS = (½·|y − m| + Σₖ (αₖ/2)·ISₖ) / (K + ½),
 *   ISₖ = (u − l) + (2/αₖ)·max(l − y, 0) + (2/αₖ)·max(y − u, 0).
 * With the median alone it is the absolute error.
 * @param quantiles shape [rows × levels.length], row-major
 * @param levels ascending, symmetric around 0.5, the median among them
 * @returns shape [rows], units of the truth; NaN where the truth or a quantile is NaN
 * @throws RangeError if the levels are not symmetric or lack the median
 */
export function weightedIntervalScores(
  truth: Numbers,
  quantiles: Numbers,
  levels: readonly number[],
): Float64Array {
  const width = levels.length;
  const intervals = (width - 1) / 2;
  if (!symmetric(levels))
    throw new RangeError(`levels must be symmetric around 0.5, got ${levels.join(', ')}`);

  const scores = new Float64Array(truth.length);
  for (let row = 0; row < truth.length; row++) {
    const y = truth[row];
    const at = row * width;
    let score = 0.5 * Math.abs(y - quantiles[at + intervals]);
    for (let k = 0; k < intervals; k++) {
      const low = quantiles[at + k];
      const high = quantiles[at + width - 1 - k];
      // α/2 is the lower level itself, so that (α/2)·(2/α) = 1.
      score += levels[k] * (high - low) + Math.max(low - y, 0) + Math.max(y - high, 0);
    }
    scores[row] = score / (intervals + 0.5);
  }
  return scores;
}

function symmetric(levels: readonly number[]): boolean {
  return (
    levels.length % 2 === 1 &&
    levels.every((level, k) => Math.abs(level + levels[levels.length - 1 - k] - 1) < 1e-9)
  );
}
