import { z } from 'zod';
import { Maybe } from './scalars.ts';

/** One line of what `perennial backtest --json` writes; shares as fractions. */
export const BacktestRow = z.strictObject({
  model: z.string(),
  /** `new`: the series itself; `new_7day_mean`: its mean over the seven steps that end on the target. */
  target: z.enum(['new', 'new_7day_mean']),
  horizon: z.number().int().positive(),
  n: z.number().int().nonnegative(),
  mae: Maybe,
  rmse: Maybe,
  mape: Maybe,
  wape: Maybe,
  mase: Maybe,
  wis: Maybe,
  coverage90: Maybe,
});
export type BacktestRow = z.infer<typeof BacktestRow>;
