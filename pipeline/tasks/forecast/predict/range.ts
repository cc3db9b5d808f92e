import type { Known } from './fitted.ts';
import type { Learnt } from './learnt.ts';

/** Smallest and greatest value that a tract showed while the model learnt. */
export interface Range {
  minimum: number;
  maximum: number;
}

/** Observed steps, the newest ones, that are compared: what lies further back hardly reaches a forecast. */
const NEWEST = 28;

/** Whether one of a series' newest values lies outside of what its tract has shown, beyond a margin: for every record is a
 *  little above the one before, and says nothing.
 *  @param values oldest first; NaN = unknown
 *  @param options.observed 0 = not known either; default: all of them
 *  @param options.range undefined: nothing is known of it
 *  @returns true where none of them is known: a forecast from nothing is none */
export function isOutOfRange(
  values: Float64Array,
  { range, scale, observed }: { range: Range | undefined; scale: 'count' | 'real'; observed?: Uint8Array },
): boolean {
  const { low, high } = range ? limitsOf(range, scale) : ANYTHING;
  let seen = 0;
  for (let t = values.length - 1; t >= 0 && seen < NEWEST; t--) {
    const value = values[t];
    if (Number.isNaN(value) || observed?.[t] === 0) continue;
    if (value < low || value > high) return true;
    seen++;
  }
  return seen === 0;
}

/** Tracts whose newest values are out of range; one that the model has not learnt from at all is. */
export function outOfRangeTracts({ panel, values, observed, last }: Known, learnt: Learnt): Set<string> {
  const outside = new Set<string>();
  panel.tracts.forEach(({ id }, tract) => {
    const range = learnt.range(id);
    const [from, to] = [tract * panel.length, tract * panel.length + last + 1];
    const about = { scale: panel.scale, observed: observed.subarray(from, to) };
    if (range === null || isOutOfRange(values.subarray(from, to), { ...about, range })) outside.add(id);
  });
  return outside;
}

/** Counts: a quarter, and three times what chance does to a count of that size. Real numbers: a tenth of the span. */
export function limitsOf(
  { minimum, maximum }: Range,
  scale: 'count' | 'real',
): { low: number; high: number } {
  if (scale === 'real') {
    const margin = 0.1 * (maximum - minimum);
    return { low: minimum - margin, high: maximum + margin };
  }
  const margin = (count: number) => Math.max(0.25 * count, 3 * Math.sqrt(count + 1));
  return { low: Math.max(0, minimum - margin(minimum)), high: maximum + margin(maximum) };
}

const ANYTHING = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
