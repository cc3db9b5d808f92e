import type { ScoredForecasts } from '../../contracts/forecast.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import type { Windows } from '../../contracts/plan.ts';
import { calibrate, followed, type Issued } from './calibrate.ts';
import type { IntervalState } from './predict/intervals.ts';
import { tableOf } from './tables.ts';
import { truthOf, truthsKnown } from './truth.ts';

/** Cutoffs between two fits: four of them over the three windows that are forecast. */
export const REFIT_EVERY = 40;

/** Point forecasts with intervals that are learnt on the calibrate window and followed over the decide window, for every
 *  model alike.
 *  @param models point forecasts at every cutoff from the select window on
 *  @returns by model, in the same order: its rows of the decide window, and its intervals as they are at its end */
export function overWindow(
  models: Map<string, Issued>,
  { panel, windows, horizons }: { panel: TargetPanel; windows: Windows; horizons: number[] },
): Map<string, { table: ScoredForecasts; state: IntervalState }> {
  const truthAt = truthsKnown(panel);
  const truth = truthOf(panel);
  const start = windows.decide[0];
  const calibrated = truthAt(start);
  const delay = Math.max(0, panel.delay);
  const kept = { cutoffs: windows.decide, horizons: [...horizons].sort((a, b) => a - b) };
  const found = new Map<string, { table: ScoredForecasts; state: IntervalState }>();
  for (const [model, issued] of models) {
    const state = calibrate(panel, issued, calibrated, [windows.calibrate[0] + 1, start - delay]);
    const quantiles = followed(state, panel, issued, truthAt, windows.decide);
    found.set(model, {
      table: tableOf(model, panel, { issued, quantiles, truth }, kept),
      state: { ...state, settledUntil: timeAt(panel, windows.decide[1] - delay) },
    });
  }
  return found;
}
