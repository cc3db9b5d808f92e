import { z } from 'zod';
import { TractFacts } from './observations.ts';
import { Timestamp } from './scalars.ts';

const Step = z.enum(['hour', 'day', 'week', 'month']);

/** `forecasts.json` of an observation pack: one entry per tract, from the newest cutoff. */
export const PackForecasts = z.strictObject({
  target: z.string(),
  /** Absent in packs of before they were told. */
  step: Step.optional(),
  /** Steps that are not yet published or not yet complete. */
  delay: z.number().int().nonnegative().optional(),
  /** The newest step observed. */
  last_time: Timestamp,
  tracts: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      latitude: z.number().optional(),
      longitude: z.number().optional(),
      population: z.number().positive().optional(),
      /** All cases up to a moment: as the portal tells them, or the sum of those it published one by one. */
      total: z
        .strictObject({ value: z.number(), time: Timestamp, from: z.enum(['published', 'summed']) })
        .optional(),
      /** The newest observed values, oldest first, and when each was. */
      recent: z.array(z.strictObject({ time: Timestamp, value: z.number(), observed: z.boolean() })),
      forecasts: z.array(
        z.strictObject({
          time: Timestamp,
          horizon: z.number().int().positive(),
          point: z.number(),
          low: z.number(),
          high: z.number(),
        }),
      ),
    }),
  ),
});
export type PackForecasts = z.infer<typeof PackForecasts>;

/** Steps of a pack's windows at most: three years of days and some, so that a model finds the same place of the year before. */
export const WINDOW_STEPS = 1_100;

/** `windows.json` of an observation pack: what `windows.f64.gz` beside it holds. That is gzip over
 *  float64 [tracts × length], little-endian: the values as known at the newest step, gaps filled from their past; NaN where
 *  nothing is published or complete yet (the newest `delay` steps); and behind them bytes [tracts × length]: 1 where the value
 *  was observed, 0 where it was filled. From them any model of the target forecasts as from the whole history. */
export const PackWindows = z.strictObject({
  format: z.literal(1),
  target: z.string(),
  scale: z.enum(['count', 'real']),
  step: Step,
  /** Of the first step. */
  start: Timestamp,
  step_ms: z.number().int().positive(),
  length: z.number().int().positive().max(WINDOW_STEPS),
  delay: z.number().int().nonnegative(),
  tracts: z.array(TractFacts),
});
export type PackWindows = z.infer<typeof PackWindows>;
