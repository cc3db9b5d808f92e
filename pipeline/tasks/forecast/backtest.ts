import type { BacktestRequest } from '../task.ts';
import { type Assessment, assess } from './assess.ts';
import type { Candidate } from './candidate.ts';
import { candidatesFor } from './candidates.ts';
import { roll } from './rolling.ts';
import { until } from './truth.ts';

interface Request extends BacktestRequest {
  /** Default: all there are. */
  candidates?: Candidate[];
}

/** Cutoffs before the first scored one on which blends, choice and intervals are learnt, and those between two fits:
 *  an hour brings less news than a day. */
const WARM_UP = { hour: 240, day: 112, week: 112, month: 60 };
const REFIT_EVERY = { hour: 240, day: 28, week: 28, month: 24 };

/** Rolling-origin backtest: every model and baseline, and the published choice named `challenger`.
 *  At each cutoff only what was known then is seen, by models, blends, choice and intervals alike; what the
 *  panel holds after `to` is cut off before anything starts.
 *  @throws RangeError if there is no step to learn from before `from` */
export async function backtest(request: Request): Promise<Assessment> {
  const panel = until(request.panel, request.to);
  const maxHorizon = Math.max(...request.horizons);
  const firstScored = Math.max(0, request.from - maxHorizon);
  const first = Math.max(Math.min(firstScored, 21), firstScored - WARM_UP[panel.step]);
  if (request.from > request.to || request.from >= panel.length || firstScored < 1)
    throw new RangeError(`nothing to backtest from step ${request.from} to ${request.to} of ${panel.length}`);
  const cutoffs: [number, number] = [first, panel.length - 2];
  const members = await roll({
    panel,
    candidates: request.candidates ?? (await candidatesFor()),
    cutoffs,
    refitEvery: REFIT_EVERY[panel.step],
    maxHorizon,
    seed: request.seed ?? 1,
    onProgress: request.onProgress,
    signal: request.signal,
  });
  const result: Assessment = { rows: [], chosen: [] };
  const targets: ('new' | 'new_7day_mean')[] = panel.step === 'day' ? ['new', 'new_7day_mean'] : ['new'];
  for (const target of targets) assess(target, { panel, members, firstScored, request }, result);
  return result;
}
