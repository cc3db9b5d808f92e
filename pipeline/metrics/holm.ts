/**
 * Holm's step-down correction (Holm 1979): p-values so adjusted that rejecting those ≤ α errs at all, among any number
 * of tests and whatever their dependence, with probability ≤ α.
 * @param pValues NaN = not tested: stays NaN and does not count
 * @returns adjusted p-values in the order given
 */
export function holm(pValues: readonly number[]): number[] {
  const tested = pValues
    .map((p, index) => ({ p, index }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p);
  const adjusted = pValues.map(() => NaN);
  let largest = 0;
  tested.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (tested.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}
