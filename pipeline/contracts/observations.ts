import { z } from 'zod';
import { MEASURES } from './roles.ts';

/**
 * `data/<model>/observations.parquet`: every accepted row of every snapshot, merged.
 * One row per (tract_id, time, known_at); a later snapshot adds a row only where a measure changed.
 * Columns: tract_id VARCHAR, time TIMESTAMP, known_at TIMESTAMP, then each measure of `MEASURES` as DOUBLE
 * (all of them, NULL where the source has none), age bands as `age_band:<name>` DOUBLE.
 */
export const OBSERVATION_COLUMNS = ['tract_id', 'time', 'known_at', ...MEASURES] as const;

/** What files say of a tract; `Tract` of the panel in memory. */
export const TractFacts = z.strictObject({
  id: z.string(),
  name: z.string(),
  latitude: z.number().optional(),
  longitude: z.number().optional(),
  population: z.number().optional(),
  country: z.string().optional(),
  parent: z.string().optional(),
});

/** `data/<model>/tracts.json`: what is known of the places, from the newest accepted snapshot on. */
export const TractsFile = z.strictObject({
  /** Name of the target column or role the gate chose. */
  target: z.string(),
  step: z.enum(['hour', 'day', 'week', 'month']),
  tracts: z.array(TractFacts),
});
export type TractsFile = z.infer<typeof TractsFile>;
