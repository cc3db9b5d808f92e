import type { ScoredForecasts } from '../../contracts/forecast.ts';
import type { BaselinesRequest } from '../task.ts';
import { baselineCandidate } from './candidates.ts';
import { issuedPoints } from './issue.ts';
import { overWindow, REFIT_EVERY } from './over-window.ts';
import { BASELINES } from './predict/baselines.ts';
import { roll } from './rolling.ts';

/** The baselines over the decide window, as `train` leaves them beside its challenger: the same data and plan give the
 *  same numbers, whoever asks. */
export async function scoreBaselines(request: BaselinesRequest): Promise<ScoredForecasts[]> {
  const { panel, windows, horizons } = request;
  const rolled = await roll({
    panel,
    candidates: BASELINES.map(baselineCandidate),
    cutoffs: [windows.select[0], windows.decide[1]],
    refitEvery: REFIT_EVERY,
    maxHorizon: Math.max(...horizons),
    seed: 0,
    signal: request.signal,
  });
  const able = rolled.filter(({ failure }) => failure === undefined);
  const issued = new Map(able.map((member) => [member.model, issuedPoints(panel, member)]));
  return [...overWindow(issued, request).values()].map(({ table }) => table);
}
