import type { Step } from '../../../contracts/panel.ts';
import type { SeriesView, Track } from './series-view.ts';

/** What a forecast starts from; the trees learn what to add to it (both on the transformed scale).
 *  `ratio`: the value of the same season slot in the last season known.
 *  `level`: the moving level, with the usual deviation of the target's season slot. */
export type Offset = 'ratio' | 'level';

export interface FeatureOptions {
  /** Whether the season of the year takes part. */
  years: boolean;
}

/** A year that was seen less than three times is not a season but a memory: last spring's wave is no reason for the
 *  next. */
export function knowsYears(step: Step, steps: number): boolean {
  const year = STEPS_PER_YEAR[step];
  return year > 0 && steps >= 3 * year;
}

export interface Example {
  tract: number;
  /** Last known step, counted from the view's start. */
  origin: number;
  lead: number;
}

export function offsetOf(view: SeriesView, { tract, origin, lead }: Example, kind: Offset): number {
  const track = view.tracts[tract];
  const usual = expectedDeviation(track, view, origin, lead, tract);
  if (kind === 'level') return track.level[origin] + usual;
  const base = baseOf(view, origin, lead);
  // A base beside a holiday says little of an ordinary day, nor the other way round: what is usual stands in.
  const moved = nearHoliday(view, tract, origin + lead) || nearHoliday(view, tract, base);
  return moved ? track.level[origin] + usual : track.filled[base];
}

/** On a holiday and the day after it. */
function nearHoliday(view: SeriesView, tract: number, t: number): boolean {
  return (
    view.known.panel.step === 'day' &&
    (holidayAt(view, tract, t) === 1 || holidayAt(view, tract, t - 1) === 1)
  );
}

function holidayAt(view: SeriesView, tract: number, t: number): number {
  return t >= 0 && t < view.holidays[tract].length ? view.holidays[tract][t] : 0;
}

/** Deviation from the level that is to be expected of the target. A holiday is reported like a Sunday and the day
 *  after it like a Monday, whichever way a portal treats those: so the tract's own Sundays and Mondays tell. */
function expectedDeviation(
  track: Track,
  view: SeriesView,
  origin: number,
  lead: number,
  tract: number,
): number {
  const own = usualDeviation(track, view, origin, lead, tract);
  const target = origin + lead;
  if (basePeriod(view) !== 7 || !nearHoliday(view, tract, target)) return own;
  const of = (weekday: number) => {
    const ahead = (weekday - view.calendar.weekday(view.from + origin) + 7) % 7 || 7;
    return usualDeviation(track, view, origin, ahead, tract);
  };
  let expected = Number.POSITIVE_INFINITY;
  if (holidayAt(view, tract, target) === 1) expected = of(6);
  if (holidayAt(view, tract, target - 1) === 1) expected = Math.min(expected, of(0));
  return Math.min(own, expected);
}

/** Same slot of the last season that is known at the origin. */
function baseOf(view: SeriesView, origin: number, lead: number): number {
  const period = basePeriod(view);
  return Math.max(0, origin + lead - period * Math.ceil(lead / period));
}

/** Long seasons (a year of weeks) are too far back to start from: there the last value is the base. */
function basePeriod(view: SeriesView): number {
  return view.season >= 2 && view.season <= 31 ? view.season : 1;
}

/** Mean deviation from the moving level at the target's slot over the last four seasons, holidays left out. */
function usualDeviation(track: Track, view: SeriesView, origin: number, lead: number, tract: number): number {
  const period = basePeriod(view);
  if (period === 1) return 0;
  const base = baseOf(view, origin, lead);
  let sum = 0;
  let n = 0;
  for (let k = 0; k < 4; k++) {
    const t = base - k * period;
    if (t < 0 || Number.isNaN(track.x[t]) || nearHoliday(view, tract, t)) continue;
    sum += track.x[t] - centredLevel(track, view, t, origin);
    n++;
  }
  return n > 0 ? sum / (n + 0.3) : 0;
}

/** Level of the window around a step, as far as the origin lets one look ahead. */
function centredLevel(track: Track, view: SeriesView, t: number, origin: number): number {
  return track.level[Math.min(origin, t + (view.window >> 1))];
}

/** How many numbers `writeFeatures` writes for this view. */
export function featureCount(view: SeriesView): number {
  return writeFeatures(view, { tract: 0, origin: 0, lead: 1 }, new Float32Array(256), { years: false });
}

/** Writes the features of one example; only steps ≤ origin are read, but for the calendar.
 *  @returns how many were written */
export function writeFeatures(
  view: SeriesView,
  example: Example,
  into: Float32Array,
  options: FeatureOptions,
): number {
  const { tract, origin, lead } = example;
  const { window, calendar } = view;
  const track = view.tracts[tract];
  const whole = view.whole;
  const parent = view.parents[tract];
  const period = basePeriod(view);
  const base = baseOf(view, origin, lead);
  const target = origin + lead;
  const holidays = view.holidays[tract];
  const x = (t: number) => (t >= 0 ? track.x[t] : Number.NaN);
  const level = (of: Track, t: number) => (t >= 0 ? of.level[t] : Number.NaN);
  const holiday = (t: number) => (t >= 0 && t < holidays.length ? holidays[t] : 0);
  const now = track.level[origin];
  let at = 0;

  into[at++] = lead;
  into[at++] = now;
  // growth over one to four windows
  for (let k = 1; k <= 3; k++)
    into[at++] = level(track, origin - (k - 1) * window) - level(track, origin - k * window);
  into[at++] = now - level(track, origin - 4 * window);
  into[at++] = shortGrowth(track, origin, window, 3);
  // the base against its surroundings and its own past
  into[at++] = x(base) - now;
  into[at++] = x(base) - level(track, base);
  for (let k = 1; k <= 3; k++) into[at++] = x(base - (k - 1) * period) - x(base - k * period);
  into[at++] = x(base) - (x(base - period) + x(base - 2 * period) + x(base - 3 * period)) / 3;
  const usual = expectedDeviation(track, view, origin, lead, tract);
  into[at++] = usual;
  into[at++] = usual - (x(base) - now);
  // newest changes against a season before, and against the level
  const newest = Math.min(7, Math.max(3, window));
  for (let j = 0; j < newest; j++) into[at++] = x(origin - j) - x(origin - j - Math.max(period, 1));
  for (let j = 0; j < 3; j++) into[at++] = x(origin - j) - now;
  // what the whole and the parent do
  into[at++] = whole.level[origin] - level(whole, origin - window);
  into[at++] = level(whole, origin - window) - level(whole, origin - 2 * window);
  for (let j = 0; j < 2; j++)
    into[at++] = whole.filled[origin - j] - whole.filled[Math.max(0, origin - j - period)];
  into[at++] = shortGrowth(whole, origin, window, 3);
  into[at++] = whole.filled[base] - whole.filled[Math.max(0, base - period)];
  into[at++] = whole.filled[base] - whole.level[origin];
  into[at++] = parent.level[origin] - level(parent, origin - window);
  into[at++] = parent.filled[origin] - parent.filled[Math.max(0, origin - period)];
  into[at++] = now - level(track, origin - window) - (whole.level[origin] - level(whole, origin - window));
  // a year ago: how the level went on from there
  const year = options.years ? STEPS_PER_YEAR[view.known.panel.step] : 0;
  into[at++] =
    year === 0 ? Number.NaN : level(track, target - year + (window >> 1)) - level(track, origin - year);
  // calendar
  into[at++] = calendar.weekday(view.from + target);
  into[at++] = calendar.hour(view.from + target);
  into[at++] = options.years ? calendar.yearFraction(view.from + target) : Number.NaN;
  for (const day of view.known.panel.step === 'day' ? [-2, -1, 0, 1] : [0])
    into[at++] = holiday(target + day);
  for (const day of view.known.panel.step === 'day' ? [-1, 0, 1] : [0]) into[at++] = holiday(base + day);
  into[at++] = holidayCount(holidays, origin - window + 1, origin);
  into[at++] = holidayCount(holidays, origin + 1, target - 1);
  // size and noise
  into[at++] = roughness(track, origin, period, 4 * window);
  into[at++] = zeroShare(view, tract, origin, 4 * window);
  into[at++] = now - level(track, origin - 12 * window);
  return at;
}

const STEPS_PER_YEAR = { hour: 0, day: 364, week: 52, month: 12 };

/** Growth of the newest few steps against the same slots a window before. */
function shortGrowth(track: Track, origin: number, window: number, steps: number): number {
  let sum = 0;
  for (let j = 0; j < steps; j++) {
    const before = origin - j - window;
    if (before < 0) return Number.NaN;
    sum += track.filled[origin - j] - track.filled[before];
  }
  return sum / steps;
}

function holidayCount(holidays: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let t = Math.max(0, from); t <= to && t < holidays.length; t++) count += holidays[t];
  return count;
}

/** Mean absolute change against the season before, over the newest steps. */
function roughness(track: Track, origin: number, period: number, steps: number): number {
  let sum = 0;
  let n = 0;
  for (let t = origin; t > origin - steps && t - period >= 0; t--) {
    const change = track.x[t] - track.x[t - period];
    if (Number.isNaN(change)) continue;
    sum += Math.abs(change);
    n++;
  }
  return n > 0 ? sum / n : Number.NaN;
}

function zeroShare(view: SeriesView, tract: number, origin: number, steps: number): number {
  const { x } = view.tracts[tract];
  let zeros = 0;
  let n = 0;
  for (let t = origin; t > origin - steps && t >= 0; t--) {
    if (Number.isNaN(x[t])) continue;
    if (x[t] === 0) zeros++;
    n++;
  }
  return n > 0 ? zeros / n : Number.NaN;
}
