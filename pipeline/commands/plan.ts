import { indexAt, STEP_MS, type TargetPanel, timeAt } from '../contracts/panel.ts';
import type { ModelParams } from '../contracts/params.ts';
import type { Plan, Windows } from '../contracts/plan.ts';

/** Cutoffs a first model is decided on: eight weeks of days, in which a block of two weeks fits four times. */
const FIRST_DECIDE = 56;
/** A champion older than this is judged by its latest half year alone. */
const LONGEST_DECIDE = 182;
const OTHER = 42;

/** A series too short for its four windows. */
export interface TooShort {
  tooShort: true;
  have: number;
  need: number;
}

/**
 * The four windows of a training, as cutoff indices: tune → select → calibrate → decide, in time order, so far
 * apart that no target of one lies in the next. After a champion only days it has not learnt from decide.
 * @param axis.length steps there are
 * @param options.settled index of the last step whose value does not change any more
 * @param options.horizon longest horizon
 * @param options.championEnd last step the champion has learnt from; null for a first model
 */
function planWindows(
  axis: { length: number },
  options: { settled: number; horizon: number; championEnd: number | null },
): Windows | TooShort {
  const { settled, horizon, championEnd } = options;
  const last = Math.min(axis.length - 1, settled) - horizon;
  // A short series has shorter windows, never overlapping ones.
  const first = scaled(FIRST_DECIDE, axis.length);
  const other = scaled(OTHER, axis.length);
  const begin =
    championEnd === null
      ? last - first + 1
      : Math.max(championEnd, last - scaled(LONGEST_DECIDE, axis.length) + 1);
  const decide: [number, number] = [begin, Math.max(begin, last)];
  const before = (window: [number, number]): [number, number] => {
    const end = window[0] - horizon - 1;
    return [end - other + 1, end];
  };
  const calibrate = before(decide);
  const select = before(calibrate);
  const tune = before(select);
  // Something must be left to learn from before anything is chosen.
  const need = 2 * other;
  if (tune[0] < need) return { tooShort: true, have: axis.length, need: axis.length + need - tune[0] };
  return { tune, select, calibrate, decide };
}

/** Windows were thought out for two years and more of days; below that they shrink in proportion. */
function scaled(steps: number, length: number): number {
  return length >= 500 ? steps : Math.max(4, Math.floor((steps * length) / 500));
}

/** Days on which nobody can be compared: the champion has learnt from all of them. */
export interface NoNewDay {
  noNewDay: true;
  /** Last moment of the data. */
  end: string;
}

type Axis = Pick<TargetPanel, 'step' | 'start' | 'stepMs' | 'length'>;

/** What a training is asked to do, and what it is judged on: the same data, settings and champion give the same plan,
 *  whoever asks. */
export function planFor(
  axis: Axis,
  about: {
    model: string;
    params: Pick<ModelParams, 'settled_after_days' | 'horizons'>;
    champion: Plan['champion'];
  },
): Plan | TooShort | NoNewDay {
  const { model, params, champion } = about;
  const settling =
    axis.step === 'hour' ? 0 : Math.ceil((params.settled_after_days * STEP_MS.day) / axis.stepMs);
  const championEnd = champion && indexAt(axis, Date.parse(champion.train_end));
  if (championEnd !== null && championEnd >= axis.length)
    return { noNewDay: true, end: new Date(timeAt(axis, axis.length - 1)).toISOString() };
  const windows = planWindows(axis, {
    settled: axis.length - 1 - settling,
    horizon: Math.max(...params.horizons),
    championEnd,
  });
  return 'tooShort' in windows ? windows : planFile(model, axis, windows, champion);
}

function planFile(model: string, panel: Axis, windows: Windows, champion: Plan['champion']): Plan {
  const at = (index: number) => new Date(timeAt(panel, index)).toISOString();
  const span = ([from, to]: [number, number]): [string, string] => [at(from), at(to)];
  return {
    model,
    data: [at(0), at(panel.length - 1)],
    windows: {
      tune: span(windows.tune),
      select: span(windows.select),
      calibrate: span(windows.calibrate),
      decide: span(windows.decide),
    },
    champion,
  };
}
