import type { Panel, Step } from '../../contracts/panel.ts';
import type { Measure } from '../../contracts/roles.ts';

export interface Target {
  name: string;
  scale: 'count' | 'real';
  /** shape [tracts × length]; NaN where nothing credible was published */
  values: Float64Array;
}

/**
 * The series to forecast, from what was published; nothing is filled here.
 * New cases come from their own column, where it has gaps from the difference of the totals. A negative count is a
 * correction of earlier days, not an observation of this one: it is unknown.
 * @param wanted a measure, or a column's name, which the gate has put into `value`
 * @throws RangeError if the panel holds no series for it
 */
export function chooseTarget(panel: Panel, wanted: string): Target {
  const own = panel.series[wanted as Measure];
  if (wanted === 'new_cases') {
    const totals = panel.series.total_cases;
    const values = own
      ? Float64Array.from(own)
      : new Float64Array(panel.tracts.length * panel.length).fill(NaN);
    if (totals) {
      const differences = dailyDifferences(totals, panel.length);
      for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = differences[i];
    }
    if (!own && !totals) throw new RangeError('the panel has neither new nor total cases');
    return { name: wanted, scale: 'count', values: withoutNegatives(values) };
  }
  const values = own ?? panel.series.value;
  if (!values) throw new RangeError(`the panel has no series for the target ${wanted}`);
  return isCount(values)
    ? { name: wanted, scale: 'count', values: Float64Array.from(values) }
    : { name: wanted, scale: 'real', values: Float64Array.from(values) };
}

/** Differences of running totals; NaN where either end is unknown, and so over a gap of more than one step.
 *  @param totals shape [tracts × length] */
export function dailyDifferences(totals: Float64Array, length: number): Float64Array {
  const differences = new Float64Array(totals.length).fill(NaN);
  for (let row = 0; row < totals.length; row += length) {
    for (let t = row + 1; t < row + length; t++) differences[t] = totals[t] - totals[t - 1];
  }
  return differences;
}

function withoutNegatives(values: Float64Array): Float64Array {
  for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = NaN;
  return values;
}

/** Counts and other quantities that cannot fall below zero are forecast on a ratio scale; anything that does is real. */
function isCount(values: Float64Array): boolean {
  let known = 0;
  let whole = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (value < 0) return false;
    known++;
    if (Number.isInteger(value)) whole++;
  }
  return known > 0 && whole / known > 0.99;
}

/** Steps after which the usual rhythm of publication repeats. */
export const RHYTHM: Record<Step, number> = { hour: 24, day: 7, week: 1, month: 12 };
