import { indexAt, type TargetPanel, timeAt } from '../../../contracts/panel.ts';
import { type IntervalState, settle } from './intervals.ts';
import { knownAt } from './known.ts';
import { type Forecaster, type Forecasts, stateFor } from './load.ts';

export interface Followed {
  cutoff: number;
  forecasts: Forecasts;
}

/** A frozen forecaster at consecutive cutoffs, its intervals following what settles in between.
 *  Starts where the training ended, so that widths have followed all of the days since; days learnt from are not
 *  settled, for on them a model looks better than it is.
 *  @param cutoffs first and last cutoff that are answered
 *  @param start state to go on from, default the bundle's
 *  @returns the answers, and the state after the last cutoff */
export function followFrozen(
  forecaster: Forecaster,
  panel: TargetPanel,
  cutoffs: [number, number],
  start: IntervalState = forecaster.intervals,
): { answers: Followed[]; state: IntervalState } {
  const { spec } = forecaster;
  const state = stateFor(start, panel);
  const trained = Math.max(0, Math.min(cutoffs[0], indexAt(panel, spec.trainEnd)));
  const first = Math.max(trained, cutoffs[0] - MAX_CATCH_UP);
  const points = new Map<number, Float64Array>();
  const answers: Followed[] = [];
  for (let cutoff = first; cutoff <= cutoffs[1]; cutoff++) {
    const known = knownAt(panel, cutoff);
    const settledAt = state.settledUntil;
    if (known.last >= 0 && (settledAt === null || timeAt(panel, known.last) > settledAt)) {
      for (let horizon = 1; horizon <= spec.maxHorizon; horizon++) {
        const point = points.get(known.last - horizon);
        if (point === undefined) continue;
        const rows = panel.tracts.flatMap((_, tract) => {
          const cell = tract * panel.length + known.last;
          const forecast = point[tract * spec.maxHorizon + horizon - 1];
          return known.observed[cell] === 1 ? [{ tract, forecast, truth: known.values[cell] }] : [];
        });
        settle(state, horizon, rows);
      }
      state.settledUntil = timeAt(panel, known.last);
    }
    const forecasts = forecaster.forecast(known, state);
    points.set(cutoff, forecasts.point);
    points.delete(cutoff - spec.maxHorizon - 40);
    if (cutoff >= cutoffs[0]) answers.push({ cutoff, forecasts });
  }
  return { answers, state };
}

/** Steps that are caught up at most: widths forget what lies further back. */
const MAX_CATCH_UP = 120;
