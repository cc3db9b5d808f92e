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
 *  @param options.range undefined: nothing is known of it
 *  @returns true where none of them is known: a forecast from nothing is none */
export function isOutOfRange(
  values: Float64Array,
  { range, scale }: { range: Range | undefined; scale: 'count' | 'real' },
): boolean {
  const { low, high } = range ? limitsOf(range, scale) : ANYTHING;
  let seen = 0;
  for (let t = values.length - 1; t >= 0 && seen < NEWEST; t--) {
    const value = values[t];
    if (Number.isNaN(value)) continue;
    if (value < low || value > high) return true;
    seen++;
  }
  return seen === 0;
}

/** Tracts whose newest values are out of range; one that the model has not learnt from at all is. */
export function outOfRangeTracts({ panel, values, observed, last }: Known, learnt: Learnt): Set<string> {
  const outside = new Set<string>();
  panel.tracts.forEach(({ id }, tract) => {
    const from = tract * panel.length;
    const series = values.slice(from, from + last + 1);
    series.forEach((_, t) => {
      if (observed[from + t] === 0) series[t] = Number.NaN;
    });
    const range = learnt.range(id);
    if (range === null || isOutOfRange(series, { range, scale: panel.scale })) outside.add(id);
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
