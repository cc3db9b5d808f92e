import type { ScoredForecasts } from '../../contracts/forecast.ts';
import { pick } from './pick-rows.ts';

/** Rows that every side forecast and whose truth is settled, from one cutoff on, in the same order for all.
 *  Only a comparison on the very same days is fair.
 *  @param firstCutoff rows with an earlier cutoff are left out: the champion has learnt from them
 *  @returns the tables with equal tract, cutoff, horizon and truth; the truth is that of the first side */
export function commonRows(sides: ScoredForecasts[], firstCutoff: number): ScoredForecasts[] {
  const [first, ...others] = sides;
  if (!first) return [];
  const rowOf = others.map(rowIndex);
  const rows: number[][] = [];
  for (let row = 0; row < first.tract.length; row++) {
    if (Number.isNaN(first.truth[row]) || first.cutoff[row] < firstCutoff) continue;
    const key = keyOf(first, row);
    const found = rowOf.map((index) => index.get(key));
    if (found.every((at) => at !== undefined)) rows.push([row, ...(found as number[])]);
  }
  const truth = Float64Array.from(rows, ([row]) => first.truth[row]);
  return sides.map((side, s) => ({
    ...pick(
      side,
      rows.map((row) => row[s]),
    ),
    truth,
  }));
}

/** Rows of a table that have the given keys, in the order of `like`; for tables that need not have them all. */
export function rowsLike(side: ScoredForecasts, like: ScoredForecasts): ScoredForecasts {
  const index = rowIndex(side);
  const rows: number[] = [];
  const truth: number[] = [];
  for (let row = 0; row < like.tract.length; row++) {
    const at = index.get(keyOf(like, row));
    if (at === undefined) continue;
    rows.push(at);
    truth.push(like.truth[row]);
  }
  return { ...pick(side, rows), truth: Float64Array.from(truth) };
}

function rowIndex(table: ScoredForecasts): Map<number, number> {
  const index = new Map<number, number>();
  for (let row = 0; row < table.tract.length; row++) index.set(keyOf(table, row), row);
  return index;
}

/** One number per (tract, cutoff, horizon): a string would cost seconds on millions of rows. */
function keyOf({ tract, cutoff, horizon }: ScoredForecasts, row: number): number {
  return (tract[row] * 2 ** 24 + cutoff[row]) * 256 + horizon[row];
}
