/** How a running total behaves over one tract. Indices are into the series. */
export interface Falls {
  /** Steps with a known value before and after. */
  steps: number;
  rises: number;
  falls: number;
  /** Where it falls by 5 % or more and no repair explains it. */
  deep: number[];
  /** Cells of excursions that came back: a total that falls by a million for two days, or jumps up and returns. */
  masked: number[];
}

/** An excursion longer than this is a level of its own. */
export const LONGEST_EXCURSION = 14;
const DEEP = 0.05;
/** A series with a larger share of falls among its changes is no running total: nothing to mend in it. */
const MOST_FALLS = 0.25;

/** @param values a running total in time order; NaN = unknown */
export function findFalls(values: Float64Array): Falls {
  const counted = countSteps(values);
  if (counted.falls === 0 || counted.falls > MOST_FALLS * (counted.rises + counted.falls)) return counted;
  const found: Falls = { steps: 0, rises: 0, falls: 0, deep: [], masked: [] };
  const typical = 10 * typicalStep(values);
  const kept: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    if (kept.length === 0) {
      kept.push(i);
      continue;
    }
    const before = kept[kept.length - 1];
    const depth = values[before] - values[i];
    found.steps++;
    if (depth < 0) found.rises++;
    if (depth > 0) found.falls++;
    const suspicious = depth > typical && depth > 0.02 * Math.abs(values[before]);
    if (!suspicious) {
      if (depth > DEEP * Math.abs(values[before]) && depth > typical) found.deep.push(i);
      kept.push(i);
      continue;
    }
    const dip = returns(values, i, values[before], depth);
    const spike = rose(values, kept, values[i], depth);
    if (dip !== null && (spike === null || dip - i <= spike)) {
      for (let j = i; j < dip; j++) if (!Number.isNaN(values[j])) found.masked.push(j);
      i = dip - 1;
      continue;
    }
    if (spike !== null) found.masked.push(...kept.splice(kept.length - spike, spike));
    else if (depth > DEEP * Math.abs(values[before])) found.deep.push(i);
    kept.push(i);
  }
  found.masked.sort((a, b) => a - b);
  return found;
}

function countSteps(values: Float64Array): Falls {
  const found: Falls = { steps: 0, rises: 0, falls: 0, deep: [], masked: [] };
  let previous = Number.NaN;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (value > previous) found.rises++;
    else if (value < previous) found.falls++;
    if (!Number.isNaN(previous)) found.steps++;
    previous = value;
  }
  return found;
}

/** Index at which a dip has suddenly come back to its level, or null. */
function returns(values: Float64Array, from: number, level: number, depth: number): number | null {
  let previous = values[from];
  for (let i = from + 1; i < values.length && i <= from + LONGEST_EXCURSION; i++) {
    if (Number.isNaN(values[i])) continue;
    if (values[i] >= level - 0.1 * depth) return values[i] - previous >= 0.5 * depth ? i : null;
    previous = values[i];
  }
  return null;
}

/** How many of the last kept cells stand on a sudden rise above what follows, or null. */
function rose(values: Float64Array, kept: readonly number[], after: number, depth: number): number | null {
  for (let back = 1; back <= LONGEST_EXCURSION && back < kept.length; back++) {
    const low = values[kept[kept.length - 1 - back]];
    const high = values[kept[kept.length - back]];
    if (low <= after + 0.1 * depth) return high - low >= 0.5 * depth ? back : null;
  }
  return null;
}

/** Median size of the steps that are none: zero. */
function typicalStep(values: Float64Array): number {
  const steps = new Float64Array(values.length);
  let [n, previous] = [0, Number.NaN];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const step = Math.abs(value - previous);
    if (step > 0) steps[n++] = step;
    previous = value;
  }
  return n === 0 ? 0 : steps.subarray(0, n).sort()[(n - 1) >> 1];
}
