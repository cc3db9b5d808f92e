/** A moment at which the level of a series changed for good, over all tracts at once. */
export interface Shift {
  /** Index into the changes. */
  at: number;
  /** log(level after / level before), beyond the trend around it. */
  jump: number;
  /** jump / (1.4826 · MAD of all jumps) */
  score: number;
  tracts: number;
}

/** A definition that changes moves every tract within a day and stays; a wave moves them over many weeks. */
export const MIN_JUMP = Math.log(1.3);
const MIN_SCORE = 5;
const MIN_WEEKS = 12;
/** The weeks on either side move by less than this share of the jump: growth that comes and goes is an epidemic's. */
const MOST_AROUND = 0.4;
/** Tracts that jump the same way, by a third at least of the common jump. */
const MOST_TRACTS = 0.7;

/**
 * Finds jumps between two weeks that their neighbours have no part in and that do not come back.
 * @param changes at each index the changes log(level of the week from here / level of the week before) of all tracts
 * @param period indices a week: 1 where `changes` has one a week, 7 where it slides by days
 * @returns the strongest shifts first, at least eight weeks apart, at most three
 */
export function findShifts(changes: readonly (readonly number[])[], period = 1): Shift[] {
  const step = changes.map((all) => (all.length > 0 ? median(all) : Number.NaN));
  const known = step.filter((value) => !Number.isNaN(value)).length;
  if (known < MIN_WEEKS * period) return [];
  const change = (at: number, weeks: number) => step[at + weeks * period] ?? Number.NaN;
  const jumps = step.map((value, at) => value - (change(at, -1) + change(at, 1)) / 2);
  const scale = Math.max(0.02, 1.4826 * median(jumps.filter((jump) => !Number.isNaN(jump)).map(Math.abs)));
  const most = Math.max(...changes.map((all) => all.length));
  const found: Shift[] = [];
  for (const [at, jump] of jumps.entries()) {
    if (!(Math.abs(jump) >= MIN_JUMP) || !(Math.abs(jump) > MIN_SCORE * scale)) continue;
    const around = [change(at, -1), change(at, 1)].map(Math.abs);
    if (around.some((value) => !(value <= MOST_AROUND * Math.abs(step[at])))) continue;
    // A few tracts that already have cases are not all of them.
    if (changes[at].length < most / 2) continue;
    if (cameBack(at, change) || !together(changes[at], jump)) continue;
    found.push({ at, jump, score: Math.abs(jump) / scale, tracts: changes[at].length });
  }
  return apart(found, 8 * period);
}

/** The jump only undoes what the weeks before did, or the weeks after undo it: holidays, a backlog. */
function cameBack(at: number, change: (at: number, weeks: number) => number): boolean {
  const sum = (weeks: number[]) =>
    weeks.reduce((total, week) => total + (Number.isNaN(change(at, week)) ? 0 : change(at, week)), 0);
  const own = change(at, 0);
  return [sum([-3, -2, -1]), sum([1, 2, 3])].some((other) => -Math.sign(own) * other > 0.6 * Math.abs(own));
}

function together(changes: readonly number[], jump: number): boolean {
  const alike = changes.filter((change) => change * Math.sign(jump) > Math.abs(jump) / 3).length;
  return alike >= MOST_TRACTS * changes.length;
}

function apart(shifts: readonly Shift[], distance: number): Shift[] {
  const chosen: Shift[] = [];
  for (const shift of [...shifts].sort((a, b) => b.score - a.score)) {
    if (chosen.length < 3 && chosen.every(({ at }) => Math.abs(at - shift.at) >= distance))
      chosen.push(shift);
  }
  return chosen;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
