import { type LossTable, PHASES } from '../../contracts/losses.ts';
import type { LossesByDay } from '../../metrics/block-bootstrap.ts';

/** Losses of one part of the rows, day by day, both sides. */
export interface Slice extends LossesByDay {
  name: string;
  challenger: Float64Array;
  reference: Float64Array;
  /** Days on which the slice has rows. */
  days: number;
}

/** A day is a cutoff: what was forecast together errs together. */
export interface Days {
  /** Day of each row, 0 … count − 1 in time order. */
  day: Int32Array;
  count: number;
  /** Steps from one cutoff to the next, as the median, in milliseconds; 0 with fewer than two days. */
  spacingMs: number;
}

export function daysOf(table: LossTable): Days {
  const times = [...new Set(table.cutoff)].sort((a, b) => a - b);
  const index = new Map(times.map((time, day) => [time, day]));
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  gaps.sort((a, b) => a - b);
  return {
    day: Int32Array.from(table.cutoff, (time) => index.get(time)!),
    count: times.length,
    spacingMs: gaps[Math.floor(gaps.length / 2)] ?? 0,
  };
}

/** Sums of losses a day over all rows.
 *  @param losses one loss a row, of each side */
export function wholeSlice(name: string, days: Days, losses: LossesByDay): Slice {
  const all = split(days, losses, { keys: new Int32Array(days.day.length), names: [name] });
  return all[0] ?? { name, days: 0, challenger: new Float64Array(), reference: new Float64Array() };
}

/** Sums of losses a day for each horizon, each phase and each tract. */
export function slicesOf(
  table: LossTable,
  days: Days,
  losses: LossesByDay,
): { horizon: Slice[]; phase: Slice[]; tract: Slice[] } {
  const longest = table.horizon.reduce((longest, horizon) => Math.max(longest, horizon), 0);
  const horizons = Array.from({ length: longest + 1 }, (_, horizon) => String(horizon));
  return {
    horizon: split(days, losses, { keys: table.horizon, names: horizons }),
    phase: split(days, losses, { keys: table.phase, names: PHASES }),
    tract: split(days, losses, { keys: table.tract, names: table.tracts }),
  };
}

function split(
  { day, count }: Days,
  losses: LossesByDay,
  { keys, names }: { keys: Int32Array; names: readonly string[] },
): Slice[] {
  const challenger = new Float64Array(names.length * count);
  const reference = new Float64Array(names.length * count);
  const rows = new Int32Array(names.length * count);
  for (let row = 0; row < day.length; row++) {
    const cell = keys[row] * count + day[row];
    challenger[cell] += losses.challenger[row];
    reference[cell] += losses.reference[row];
    rows[cell]++;
  }
  return names
    .map((name, key) => ({
      name,
      challenger: challenger.subarray(key * count, (key + 1) * count),
      reference: reference.subarray(key * count, (key + 1) * count),
      days: rows.subarray(key * count, (key + 1) * count).filter((n) => n > 0).length,
    }))
    .filter((slice) => slice.days > 0);
}
