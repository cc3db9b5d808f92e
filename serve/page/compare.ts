import type { PackForecasts } from '../../pipeline/contracts/pack.ts';
import { STEP_MS, type Step } from '../../pipeline/contracts/panel.ts';
import { guessedScale, type Scale } from '../predictor/scale.ts';

type Tract = PackForecasts['tracts'][number];

/** After so many steps a series meets the same weekday or hour again; longer steps are compared with the one before. */
const SEASON: Record<Step, number> = { hour: 24, day: 7, week: 1, month: 1 };

export interface Comparison {
  last: number | null;
  next: number | null;
}

/** How a pack is compared: the steps ahead with the same weekdays (or hours) of the newest season observed. */
export interface Comparing {
  step: Step;
  measure: 'sum' | 'mean';
  steps: number;
}

/** @param scale counts are added up, other values averaged */
export function comparing(forecasts: PackForecasts, scale: Scale = guessedScale(forecasts)): Comparing {
  const ahead = Math.max(0, ...forecasts.tracts.map((tract) => tract.forecasts.length));
  const step = forecasts.step ?? stepOf(forecasts);
  return { step, measure: scale === 'count' ? 'sum' : 'mean', steps: Math.min(ahead, SEASON[step]) };
}

/** Pure. Steps that were not observed count as the mean of those that were, while those are at least half.
 *  @returns units of the target */
export function compare(tract: Tract, { step, measure, steps }: Comparing): Comparison {
  const ahead = tract.forecasts.slice(0, steps);
  const observed = before(tract, { step, steps }).filter((one) => one.observed);
  return {
    last: enough(observed, steps) ? gathered(observed, (one) => one.value, { measure, steps }) : null,
    next:
      ahead.length === steps && steps > 0 ? gathered(ahead, (one) => one.point, { measure, steps }) : null,
  };
}

/** The steps that those ahead are compared with, oldest first. */
export function before(
  { recent, forecasts }: Tract,
  { step, steps }: Pick<Comparing, 'step' | 'steps'>,
): Tract['recent'] {
  const newest = recent.length - 1;
  return forecasts.slice(0, steps).flatMap(({ horizon }) => {
    // Horizon 1 lies one step beyond the newest one.
    const at = newest + horizon - SEASON[step] * Math.ceil(horizon / SEASON[step]);
    return recent[at] ? [recent[at]] : [];
  });
}

const enough = (observed: unknown[], steps: number) => observed.length > 0 && observed.length * 2 >= steps;

function gathered<T>(
  rows: T[],
  value: (row: T) => number,
  { measure, steps }: { measure: 'sum' | 'mean'; steps: number },
): number {
  const mean = rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  return measure === 'mean' ? mean : mean * steps;
}

/** Packs of before did not tell their step. */
function stepOf({ tracts }: PackForecasts): Step {
  const recent = tracts.find((tract) => tract.recent.length > 1)?.recent;
  if (!recent) return 'day';
  const between = Date.parse(recent[1].time) - Date.parse(recent[0].time);
  const steps: Step[] = ['month', 'week', 'day'];
  return steps.find((step) => between >= STEP_MS[step] * 0.9) ?? 'hour';
}
