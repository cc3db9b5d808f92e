/** A week at which the level of a series changed for good, over all tracts at once. */
export interface Shift {
  week: number;
  /** log(level after / level before), beyond the trend around it. */
  jump: number;
  /** jump / (1.4826 · MAD of all weeks' jumps) */
  score: number;
  tracts: number;
}

/** A definition that changes moves every tract in the same week and stays; a wave moves them over many weeks. */
export const MIN_JUMP = Math.log(1.3);
const MIN_SCORE = 5;
const MIN_TRACTS_WEEKS = 12;

/**
 * Finds jumps that a trend does not explain and that do not come back.
 * @param changes per week w the changes log(level[w] / level[w-1]) of all tracts; weeks without any are empty
 * @returns the strongest shifts first, at least eight weeks apart, at most three
 */
export function findShifts(changes: readonly (readonly number[])[]): Shift[] {
  const step = changes.map((week) => (week.length > 0 ? median(week) : Number.NaN));
  const known = step.filter((value) => !Number.isNaN(value)).length;
  if (known < MIN_TRACTS_WEEKS) return [];
  const level = accumulate(step);
  const jumps = step.map((value, week) => value - trend(step, week));
  const scale = 1.4826 * median(jumps.filter((jump) => !Number.isNaN(jump)).map(Math.abs));
  const found: Shift[] = [];
  for (let week = 4; week + 4 <= step.length; week++) {
    const jump = jumps[week];
    if (!(Math.abs(jump) >= MIN_JUMP) || !(Math.abs(jump) > MIN_SCORE * scale)) continue;
    if (!stays(level, step, week, jump)) continue;
    found.push({ week, jump, score: Math.abs(jump) / Math.max(scale, 1e-9), tracts: changes[week].length });
  }
  return apart(found);
}

/** The level four weeks on is still away from where the trend before the jump led. */
function stays(level: readonly number[], step: readonly number[], week: number, jump: number): boolean {
  const drift = trend(step, week);
  const before = median([1, 2, 3, 4].map((back) => level[week - back] + drift * back));
  const after = median([0, 1, 2, 3].map((on) => level[week + on] - drift * on));
  const moved = after - before;
  return Math.sign(moved) === Math.sign(jump) && Math.abs(moved) >= 0.6 * Math.abs(jump);
}

/** Typical change of the three weeks on either side, the week itself left out. */
function trend(step: readonly number[], week: number): number {
  const around = [-3, -2, -1, 1, 2, 3].map((offset) => step[week + offset]);
  const known = around.filter((value) => value !== undefined && !Number.isNaN(value));
  return known.length >= 4 ? median(known) : Number.NaN;
}

function accumulate(step: readonly number[]): number[] {
  let sum = 0;
  return step.map((value) => {
    if (!Number.isNaN(value)) sum += value;
    return sum;
  });
}

function apart(shifts: readonly Shift[]): Shift[] {
  const chosen: Shift[] = [];
  for (const shift of [...shifts].sort((a, b) => b.score - a.score)) {
    if (chosen.length < 3 && chosen.every(({ week }) => Math.abs(week - shift.week) >= 8)) chosen.push(shift);
  }
  return chosen;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
