/** A vertical axis with round numbers on it. Pure.
 *  @param options.fromZero counts begin at nothing, or a small rise looks like a great one */
export function axisOf(
  values: number[],
  { fromZero }: { fromZero: boolean },
): { low: number; high: number; ticks: number[] } {
  const least = fromZero ? Math.min(0, ...values) : Math.min(...values);
  const most = Math.max(...values);
  if (!Number.isFinite(least) || !Number.isFinite(most)) return { low: 0, high: 1, ticks: [0, 1] };
  const step = stepFor(most > least ? most - least : Math.abs(most) || 1);
  const low = Math.floor(least / step) * step;
  const high = Math.max(Math.ceil(most / step) * step, low + step);
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, at) => low + at * step);
  return { low, high, ticks };
}

/** Some four steps over a span, of 1, 2 or 5 times a power of ten. */
function stepFor(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span / 4));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => span / one <= 5) ?? 10 * power;
}
