import { z } from 'zod';
import { Timestamp } from './scalars.ts';

/** `forecasts.json` of an observation pack: one entry per tract, from the newest cutoff. */
export const PackForecasts = z.strictObject({
  target: z.string(),
  /** The newest step observed. */
  last_time: Timestamp,
  tracts: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      latitude: z.number().optional(),
      longitude: z.number().optional(),
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
