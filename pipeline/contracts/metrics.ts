import { z } from 'zod';
import { Maybe, Sha256, Timestamp } from './scalars.ts';

/** Errors of one model on one set of forecasts; shares as fractions (0.15 = 15 %). */
export const Errors = z.strictObject({
  n: z.number().int().nonnegative(),
  mse: Maybe,
  rmse: Maybe,
  mae: Maybe,
  mape: Maybe,
  wape: Maybe,
  mase: Maybe,
  r2: Maybe,
  wis: Maybe,
  coverage90: Maybe,
});
export type Errors = z.infer<typeof Errors>;

const Windows = z.strictObject({
  tune: z.tuple([Timestamp, Timestamp]),
  select: z.tuple([Timestamp, Timestamp]),
  calibrate: z.tuple([Timestamp, Timestamp]),
  decide: z.tuple([Timestamp, Timestamp]),
});

/** `reports/<model>/metrics.json`: challenger, champion and baselines on the same days. */
export const MetricsFile = z.strictObject({
  model: z.string(),
  made_at: Timestamp,
  commit: z.string(),
  data_version: z.string(),
  windows: Windows,
  cutoffs: z.number().int().nonnegative(),
  /** role in the comparison: challenger, champion, baseline, candidate. */
  models: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['challenger', 'champion', 'baseline', 'candidate']),
      digest: Sha256.optional(),
      overall: Errors,
      by_horizon: z.record(z.string(), Errors),
      /** Empty for mere candidates. */
      by_tract: z.record(z.string(), Errors).default({}),
      /** growth, plateau, decline */
      by_phase: z.record(z.string(), Errors).default({}),
      /** Errors of the rolling mean over a season of the target (7 days for daily data). */
      smoothed: z.record(z.string(), Errors).default({}),
    }),
  ),
});
export type MetricsFile = z.infer<typeof MetricsFile>;

/** `leaderboard.json`: candidates on the window that selects, best first. */
export const Leaderboard = z.strictObject({
  model: z.string(),
  metric: z.string(),
  chosen: z.string(),
  candidates: z.array(
    z.strictObject({
      name: z.string(),
      is_baseline: z.boolean(),
      score: Maybe,
      by_horizon: z.record(z.string(), Maybe),
      /** Weights of a blend, or hyperparameters. */
      settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
    }),
  ),
});
export type Leaderboard = z.infer<typeof Leaderboard>;
