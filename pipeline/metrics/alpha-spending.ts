/**
 * Level of the k-th look at one champion: α · 6 / (π² k²).
 * These levels add up to α however often one looks (Σ 1/k² = π²/6), so a champion's whole life has at most the
 * chance α of falling to a challenger that is no better. With α = 0.05: 0.0304, 0.0076, 0.0034 …
 * @param look 1 for the first look since the promotion
 * @throws RangeError if `look` is not a whole number from 1 on
 */
export function alphaAtLook(alpha: number, look: number): number {
  if (!Number.isInteger(look) || look < 1) throw new RangeError(`looks are counted from 1, got ${look}`);
  return (alpha * 6) / (Math.PI * look) ** 2;
}
