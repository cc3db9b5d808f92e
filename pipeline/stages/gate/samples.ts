import type { AcceptedSchema } from '../../contracts/snapshot.ts';

export type Column = AcceptedSchema['columns'][number];

/**
 * A few values of a column under the names of their rows, small enough for `source.json` and the same rows in
 * every snapshot: what makes a rename, a change of unit or of meaning provable instead of guessed.
 * Text `key:value key:value …`; values are numbers or, for text, short hashes; no value = the row has none.
 */
export type Sample = Map<string, string>;

export function encodeSample(pairs: Iterable<readonly [key: string, value: string]>): string {
  return [...pairs].map(([key, value]) => `${key}:${value}`).join(' ');
}

export function decodeSample(column: Column, name: 'cells' | 'last'): Sample {
  const text = column.stats[name];
  const sample: Sample = new Map();
  if (typeof text !== 'string' || text === '') return sample;
  for (const pair of text.split(' ')) {
    const colon = pair.indexOf(':');
    sample.set(pair.slice(0, colon), pair.slice(colon + 1));
  }
  return sample;
}

export interface Pairs {
  before: string[];
  after: string[];
  /** Names of the rows. */
  keys?: string[];
}

/** Values of the same rows before and after; rows empty on either side are left out. */
export function pairs(before: Sample, after: Sample): Pairs {
  const both = { before: [] as string[], after: [] as string[], keys: [] as string[] };
  for (const [key, value] of before) {
    const other = after.get(key);
    if (other === undefined || other === '' || value === '') continue;
    both.keys.push(key);
    both.before.push(value);
    both.after.push(other);
  }
  return both;
}

/** Share of pairs that are the same: text exactly, numbers to six digits. */
export function agreement({ before, after }: Pairs): number {
  let same = 0;
  for (let i = 0; i < before.length; i++) if (equal(before[i], after[i])) same++;
  return before.length > 0 ? same / before.length : Number.NaN;
}

/** The factor that (nearly) all pairs share, or null. Zeros say nothing about it. */
export function commonFactor(both: Pairs, share = 0.8): number | null {
  const factors: number[] = [];
  for (let i = 0; i < both.before.length; i++) {
    const [from, to] = [Number(both.before[i]), Number(both.after[i])];
    if (Number.isFinite(from) && Number.isFinite(to) && from !== 0 && to !== 0) factors.push(to / from);
  }
  if (factors.length < 5) return null;
  const middle = median(factors);
  const near = factors.filter((factor) => Math.abs(factor / middle - 1) < 0.01).length;
  return near / factors.length >= share ? middle : null;
}

/** Factors of the tracts, where each tract has one of its own at all times (a rate per head became a count, or the
 *  reverse), or null. */
export function factorsByTract(both: Pairs): number[] | null {
  const tracts = new Map<string, number[]>();
  for (const [i, key] of (both.keys ?? []).entries()) {
    const [from, to] = [Number(both.before[i]), Number(both.after[i])];
    if (!Number.isFinite(from) || !Number.isFinite(to) || from === 0 || to === 0) continue;
    const tract = key.split('.')[0];
    tracts.set(tract, [...(tracts.get(tract) ?? []), to / from]);
  }
  const told = [...tracts.values()].filter((factors) => factors.length >= 4);
  const steady = told.flatMap((factors) => {
    const middle = median(factors);
    const near = factors.filter((factor) => Math.abs(factor / middle - 1) < 0.03).length;
    return near >= 0.8 * factors.length ? [middle] : [];
  });
  return told.length >= 4 && steady.length >= 0.8 * told.length ? steady : null;
}

/** Spearman's rank correlation, ties averaged; NaN where either side does not vary or there are under five. */
export function rankCorrelation({ before, after }: Pairs): number {
  const numbers = before.map((value, i) => [Number(value), Number(after[i])] as const);
  const finite = numbers.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  if (finite.length < 5) return Number.NaN;
  return correlation(ranks(finite.map(([a]) => a)), ranks(finite.map(([, b]) => b)));
}

/** Median of |log ratio| between pairs, one added to each so that small counts do not shout. */
export function levelDistance({ before, after }: Pairs): number {
  const distances = before
    .map((value, i) => Math.log((Math.abs(Number(after[i])) + 1) / (Math.abs(Number(value)) + 1)))
    .filter(Number.isFinite)
    .map(Math.abs);
  return distances.length > 0 ? median(distances) : Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function equal(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= 1e-6 * Math.max(Math.abs(x), Math.abs(y));
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const result = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to++;
    for (let i = from; i <= to; i++) result[order[i]] = (from + to) / 2;
    from = to + 1;
  }
  return result;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN;
}
