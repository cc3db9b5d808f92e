import type { Step } from '../../../contracts/panel.ts';
import { type Calendar, calendarOf } from './calendar.ts';
import { withoutDumps } from './dumps.ts';
import type { Known } from './fitted.ts';

/** One group of series as the trees see it: steps from … last, index 0 = `from`; NaN = unknown. */
export interface Track {
  /** Transformed values (see `Transform`), NaN where not observed. */
  x: Float64Array;
  /** The same, gaps filled from the past: never NaN. */
  filled: Float64Array;
  /** Transformed mean over the window that ends at each step. */
  level: Float64Array;
}

/** What the trees read of a `Known`: cleaned, on a scale where differences mean something, with its aggregates. */
export interface SeriesView {
  known: Known;
  season: number;
  /** Steps of the moving level: one season if that is short, else a few steps. */
  window: number;
  from: number;
  length: number;
  tracts: Track[];
  transforms: Transform[];
  /** All tracts together. */
  whole: Track;
  /** Tracts of the same parent together; `whole` for tracts without one. */
  parents: Track[];
  calendar: Calendar;
  /** Public holidays by country: index − from → 0 or 1, `lead` steps beyond the end too. */
  holidays: Uint8Array[];
}

/** Counts: log(x + 1), so that differences are growth. Real numbers: in units of their typical step. */
export interface Transform {
  to(value: number): number;
  from(value: number): number;
  /** Typical size of an error of 1 on the transformed scale, given the level there. */
  unit(level: number): number;
}

/** Steps that features may reach back. */
export const LOOKBACK = 430;

const COUNT: Transform = {
  to: (value) => Math.log(Math.max(0, value) + 1),
  from: (value) => Math.max(0, Math.exp(Math.min(value, 40)) - 1),
  unit: (level) => Math.exp(Math.min(level, 40)),
};

/** @param options.lookback steps before `last` that are looked at; forecasts need less than fits
 *  @param options.lead steps beyond `last` for which the calendar is needed */
export function viewOf(
  known: Known,
  options: { season: number; lookback: number; lead: number },
): SeriesView {
  const { panel } = known;
  const from = Math.max(0, known.last + 1 - options.lookback);
  const length = Math.max(0, known.last + 1 - from);
  const window = levelWindow(panel.step, options.season);
  const transforms: Transform[] = [];
  const cleaned: Float64Array[] = [];
  const tracts = panel.tracts.map((_, tract) => {
    const offset = tract * panel.length + from;
    const raw = known.values.subarray(offset, offset + length);
    const seen = known.observed.subarray(offset, offset + length);
    const values = panel.scale === 'count' ? withoutDumps(raw, window) : Float64Array.from(raw);
    const transform = panel.scale === 'count' ? COUNT : scaledBy(typicalStep(raw, seen));
    transforms.push(transform);
    cleaned.push(values);
    return trackOf(values, seen, transform, window);
  });
  const whole = together(cleaned, tracts, panel.scale, window);
  return {
    known,
    season: options.season,
    window,
    from,
    length,
    tracts,
    transforms,
    whole,
    parents: parentTracks(known, cleaned, tracts, whole, window),
    ...calendarPart(known, from, length + options.lead),
  };
}

export function levelWindow(step: Step, season: number): number {
  if (season >= 2 && season <= 31) return season;
  return step === 'hour' ? 24 : step === 'day' ? 7 : step === 'week' ? 4 : 3;
}

function calendarPart(known: Known, from: number, length: number) {
  const calendar = calendarOf(known.panel);
  const byCountry = new Map<string | undefined, Uint8Array>();
  const holidays = known.panel.tracts.map((tract, index) => {
    let days = byCountry.get(tract.country);
    if (days === undefined) {
      days = Uint8Array.from({ length }, (_, t) => calendar.holiday(index, from + t));
      byCountry.set(tract.country, days);
    }
    return days;
  });
  return { calendar, holidays };
}

function scaledBy(step: number): Transform {
  return { to: (value) => value / step, from: (value) => value * step, unit: () => step };
}

function typicalStep(values: Float64Array, seen: Uint8Array): number {
  let sum = 0;
  let n = 0;
  // The newest part only: a forecast, which looks back less far than a fit, must find the same unit.
  for (let t = Math.max(1, values.length - LOOKBACK); t < values.length; t++) {
    if (seen[t] === 1 && seen[t - 1] === 1) {
      sum += Math.abs(values[t] - values[t - 1]);
      n++;
    }
  }
  return n > 0 && sum > 0 ? sum / n : 1;
}

function trackOf(values: Float64Array, seen: Uint8Array | null, transform: Transform, window: number): Track {
  const length = values.length;
  const x = new Float64Array(length);
  const filled = new Float64Array(length);
  const level = new Float64Array(length);
  let sum = 0;
  for (let t = 0; t < length; t++) {
    filled[t] = transform.to(values[t]);
    x[t] = seen === null || seen[t] === 1 ? filled[t] : Number.NaN;
    sum += values[t];
    if (t >= window) sum -= values[t - window];
    level[t] = transform.to(sum / Math.min(window, t + 1));
  }
  return { x, filled, level };
}

/** Counts add up; real numbers are averaged on their own scales. */
function together(cleaned: Float64Array[], tracts: Track[], scale: 'count' | 'real', window: number): Track {
  const length = cleaned[0]?.length ?? 0;
  const sum = new Float64Array(length);
  for (let tract = 0; tract < cleaned.length; tract++) {
    const from = scale === 'count' ? cleaned[tract] : tracts[tract].filled;
    for (let t = 0; t < length; t++) sum[t] += from[t] / (scale === 'count' ? 1 : cleaned.length);
  }
  return trackOf(sum, null, scale === 'count' ? COUNT : scaledBy(1), window);
}

function parentTracks(
  known: Known,
  cleaned: Float64Array[],
  tracts: Track[],
  whole: Track,
  window: number,
): Track[] {
  const members = new Map<string, number[]>();
  known.panel.tracts.forEach((tract, index) => {
    if (tract.parent === undefined) return;
    members.set(tract.parent, [...(members.get(tract.parent) ?? []), index]);
  });
  const tracks = new Map<string, Track>();
  for (const [parent, list] of members) {
    const pick = <T>(from: T[]) => list.map((index) => from[index]);
    tracks.set(parent, together(pick(cleaned), pick(tracts), known.panel.scale, window));
  }
  return known.panel.tracts.map((tract) => tracks.get(tract.parent ?? '') ?? whole);
}
