import { STEP_MS, type Step, timeAt } from '../../contracts/panel.ts';

/** Steps between the first and the last at which nothing at all was published.
 *  A weekday that is regularly left out (offices closed on Sundays) is no hole: a missing day does not count when
 *  more than half of the same weekday are missing within four weeks on either side.
 *  @param times distinct, ascending, epoch milliseconds, already rounded to the step */
export function missingSteps(times: Float64Array, step: Step): number[] {
  if (times.length < 2) return [];
  const present = new Set(times);
  const start = times[0];
  const last = times[times.length - 1];
  const stepMs = STEP_MS[step];
  const missing: number[] = [];
  // A century of hours is the most that is looked at: beyond, a date is wrong and other expectations say so.
  for (let index = 0; index < 1_000_000; index++) {
    const time = timeAt({ step, start, stepMs }, index);
    if (time >= last) break;
    if (!present.has(time)) missing.push(time);
  }
  return step === 'day' ? missing.filter((time) => !isClosedWeekday(time, present, start, last)) : missing;
}

function isClosedWeekday(time: number, present: ReadonlySet<number>, first: number, last: number): boolean {
  if (!isPublishedWeek(time, present)) return false;
  let [weeks, open] = [0, 0];
  for (let week = -4; week <= 4; week++) {
    const same = time + week * STEP_MS.week;
    // In a hole of weeks every weekday is missing: only weeks in which something was published can tell.
    if (same < first || same > last || !isPublishedWeek(same, present)) continue;
    weeks++;
    if (present.has(same)) open++;
  }
  return weeks >= 4 && open / weeks < 0.5;
}

function isPublishedWeek(time: number, present: ReadonlySet<number>): boolean {
  return [-3, -2, -1, 1, 2, 3].some((days) => present.has(time + days * STEP_MS.day));
}

/** How many of the published steps within its own span a tract lacks.
 *  @param published all distinct times, ascending
 *  @returns the count and the first of them */
export function missingOfTract(
  times: Float64Array,
  published: Float64Array,
): { missing: number; first: number | null } {
  if (times.length === 0) return { missing: 0, first: null };
  const from = lowerBound(published, times[0]);
  const to = lowerBound(published, times[times.length - 1]);
  const missing = to - from + 1 - times.length;
  if (missing <= 0) return { missing: 0, first: null };
  for (let i = 0; i < times.length; i++)
    if (times[i] !== published[from + i]) return { missing, first: published[from + i] };
  return { missing, first: null };
}

function lowerBound(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
