import { PHASES, type Phase } from '../../contracts/losses.ts';

/** Changes of the mean below this share, up or down, are a plateau. */
export const PLATEAU = 0.1;

interface Series {
  /** shape [tracts × length], row-major. */
  values: ArrayLike<number>;
  length: number;
  /** Steps of a season: 7 for daily data. */
  season: number;
}

/** The phase each row's target time falls in, seen afterwards: the mean over the season that ends there against
 *  the mean over the season before.
 *  @returns index into PHASES, shape [rows] */
export function phasesOf(
  rows: { tract: ArrayLike<number>; cutoff: ArrayLike<number>; horizon: ArrayLike<number> },
  { values, length, season }: Series,
): Int32Array {
  return Int32Array.from({ length: rows.tract.length }, (_, row) => {
    const from = rows.tract[row] * length;
    const end = Math.min(rows.cutoff[row] + rows.horizon[row], length - 1);
    const now = meanOf(values, from, end - season + 1, end);
    const before = meanOf(values, from, end - 2 * season + 1, end - season);
    return PHASES.indexOf(phaseOf(before, now));
  });
}

/** @returns `plateau` also where too little is known to tell */
export function phaseOf(before: number, now: number): Phase {
  if (now > before + PLATEAU * Math.abs(before)) return 'growth';
  if (now < before - PLATEAU * Math.abs(before)) return 'decline';
  return 'plateau';
}

function meanOf(values: ArrayLike<number>, offset: number, first: number, last: number): number {
  if (first < 0) return NaN;
  let sum = 0;
  for (let t = first; t <= last; t++) sum += values[offset + t];
  return sum / (last - first + 1);
}
