import { z } from 'zod';
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
