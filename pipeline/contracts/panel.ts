import type { Measure } from './roles.ts';

export type Step = 'hour' | 'day' | 'week' | 'month';

export interface Tract {
  id: string;
  name: string;
  latitude?: number;
  longitude?: number;
  population?: number;
  /** ISO 3166-1 alpha-2, where the data tells; decides the holidays. */
  country?: string;
  parent?: string;
}

/**
 * Regularly spaced series of many tracts, dense in memory.
 * Each series is row-major by tract, shape [tracts × length]; NaN = unknown.
 */
export interface Panel {
  step: Step;
  /** Time of index 0, epoch milliseconds; wall-clock time of the source read as if it were UTC. */
  start: number;
  /** Milliseconds between two indices (month: nominal, use `timeAt`). */
  stepMs: number;
  /** Number of time steps. */
  length: number;
  tracts: Tract[];
  series: Partial<Record<Measure, Float64Array>>;
}

/** The one series that is forecast, cleaned and gap-filled by `features`. */
export interface TargetPanel {
  step: Step;
  start: number;
  stepMs: number;
  length: number;
  tracts: Tract[];
  /** Name of the target: `new_cases`, or a column of the source. */
  target: string;
  /** `count`: whole numbers, never negative; `real`: any number. */
  scale: 'count' | 'real';
  /** shape [tracts × length]; gaps filled by extrapolation, see `observed`. */
  values: Float64Array;
  /** 1 where the portal published a credible value; 0 = filled: never scored, never learnt as truth. */
  observed: Uint8Array;
  /** Values as they were known at earlier moments, where snapshots tell. Absent: nothing known of revisions. */
  revisions?: Revisions;
  /** Steps back from a cutoff that are not yet published or not yet complete (learnt reporting delay). */
  delay: number;
}

/** Revisions of target values, sorted by (cell, knownAt). A cell = tract · length + time index. */
export interface Revisions {
  cell: Int32Array;
  /**
   * When `value` became known, on the panel's own time axis: the time of the newest step of the first snapshot that
   * showed it (so a cutoff c sees it if `knownAt <= timeAt(panel, c)`); a millisecond more for a later snapshot
   * without a newer step.
   */
  knownAt: Float64Array;
  value: Float64Array;
  /** Newest step of the first snapshot: for cutoffs before it nothing tells what was known; fall back on `delay`. */
  since: number;
}

/** Epoch milliseconds of a time index.
 *  @param panel anything with a start and a step
 *  @param index 0 … length-1, or beyond for horizons */
export function timeAt(panel: { step: Step; start: number; stepMs: number }, index: number): number {
  if (panel.step !== 'month') return panel.start + index * panel.stepMs;
  const date = new Date(panel.start);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + index];
  // The 31st of a shorter month is its last day, not the first of the next.
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay));
}

/** Time index of a moment, rounded down; may be negative or beyond the end. */
export function indexAt(panel: { step: Step; start: number; stepMs: number }, time: number): number {
  if (panel.step !== 'month') return Math.floor((time - panel.start) / panel.stepMs);
  const from = new Date(panel.start);
  const to = new Date(time);
  return (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
}

export const STEP_MS: Record<Step, number> = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_629_746_000,
};

/**
 * Time axis of data that lie between two moments. Days begin at midnight even where the portal stamps its evening;
 * weeks begin where the data's weeks do.
 */
export function axisOf(
  step: Step,
  span: { first: number; last: number },
): { step: Step; start: number; stepMs: number; length: number } {
  const floor = (ms: number) => Math.floor(span.first / ms) * ms;
  const first = new Date(span.first);
  const start =
    step === 'month'
      ? Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), 1)
      : floor(step === 'hour' ? STEP_MS.hour : STEP_MS.day);
  const axis = { step, start, stepMs: STEP_MS[step] };
  return { ...axis, length: indexAt(axis, span.last) + 1 };
}
