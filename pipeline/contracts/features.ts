import { z } from 'zod';
import { TractFacts } from './observations.ts';
import { Maybe, Timestamp } from './scalars.ts';

/** `artifacts/<model>/features/schema.json`: what the data set beside it holds. */
export const FeatureSchema = z.strictObject({
  model: z.string(),
  target: z.string(),
  scale: z.enum(['count', 'real']),
  step: z.enum(['hour', 'day', 'week', 'month']),
  start: Timestamp,
  step_ms: z.number().positive(),
  length: z.number().int().nonnegative(),
  /** Steps that are not yet published or complete at a cutoff. */
  delay: z.number().int().nonnegative(),
  /** Last step whose values do not change any more, as a moment. */
  settled_until: Timestamp,
  rows: z.number().int().nonnegative(),
  filled: z.number().int().nonnegative(),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(['text', 'time', 'number', 'boolean']),
      unit: z.string(),
      description: z.string(),
    }),
  ),
  tracts: z.array(TractFacts),
  /** Moment before which there were no snapshots, where revisions are known. */
  revisions_since: Timestamp.optional(),
});
export type FeatureSchema = z.infer<typeof FeatureSchema>;

/** `feature_statistics.json`: fitted on the training part only, so that nothing later leaks into a scaler. */
export const FeatureStatistics = z.strictObject({
  fitted_until: Timestamp,
  rows: z.number().int().nonnegative(),
  columns: z.record(
    z.string(),
    z.strictObject({
      mean: Maybe,
      std: Maybe,
      min: Maybe,
      max: Maybe,
      q01: Maybe,
      median: Maybe,
      q99: Maybe,
      null_share: z.number().min(0).max(1),
    }),
  ),
});
export type FeatureStatistics = z.infer<typeof FeatureStatistics>;

/** A derived column of the data set, in memory. */
export interface FeatureColumn {
  name: string;
  unit: string;
  description: string;
  /** shape [tracts × length]; NaN where there is not enough past */
  values: Float32Array;
}
