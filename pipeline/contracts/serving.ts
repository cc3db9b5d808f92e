import { z } from 'zod';
import type { BundleFiles } from './bundle.ts';
import type { PackForecasts } from './pack.ts';
import { Timestamp } from './scalars.ts';

/** Two machines round differently in the last digits; a code that reads a bundle wrongly is far off. */
export const GOLDEN_TOLERANCE = 1e-6;

const name = z.string().min(1).max(200);

/** One field of a row that a model is asked about. Ranges are of what is possible, not of what was seen: outside of them a row
 *  is refused before the model; outside of what was seen (`ReferenceStatistics`) it is answered, and counted. */
export const RequestField = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('number'),
    name,
    minimum: z.number().nullable().default(null),
    maximum: z.number().nullable().default(null),
    nullable: z.boolean().default(false),
    unit: z.string().default(''),
  }),
  z.strictObject({
    kind: z.literal('category'),
    name,
    categories: z.array(z.string()),
    nullable: z.boolean().default(false),
  }),
  /** A moment, ISO 8601. */
  z.strictObject({
    kind: z.literal('time'),
    name,
    nullable: z.boolean().default(false),
    /** Moments outside of these are refused before the model; absent: none is. */
    earliest: Timestamp.optional(),
    latest: Timestamp.optional(),
  }),
  /** Numbers in the order of time, oldest first. */
  z.strictObject({
    kind: z.literal('series'),
    name,
    min_length: z.number().int().positive(),
    max_length: z.number().int().positive(),
    minimum: z.number().nullable().default(null),
    maximum: z.number().nullable().default(null),
    /** Whether single values may be unknown (null). */
    gaps: z.boolean().default(false),
    unit: z.string().default(''),
  }),
]);
export type RequestField = z.infer<typeof RequestField>;

/** `request.json` of a bundle: what a row of `POST /predict` holds, and what comes back. */
export const RequestSchema = z.strictObject({
  format: z.literal(1),
  fields: z.array(RequestField).min(1),
  outputs: z.array(
    z.strictObject({
      name,
      kind: z.enum(['number', 'text']),
      /** Values a row: 1, or one a horizon. */
      length: z.number().int().positive(),
      unit: z.string().default(''),
    }),
  ),
  /** A row that works, for people and for tests. */
  example: z.record(z.string(), z.unknown()),
});
export type RequestSchema = z.infer<typeof RequestSchema>;

/** `reference.json` of a bundle: what the model saw while it learnt, by field. */
export const ReferenceStatistics = z.strictObject({
  format: z.literal(1),
  fields: z.record(
    z.string(),
    z.strictObject({
      n: z.number().int().nonnegative(),
      missing: z.number().int().nonnegative(),
      minimum: z.number(),
      maximum: z.number(),
      mean: z.number(),
      deviation: z.number(),
      /** At the levels 0, 0.05, 0.1 … 0.95, 1. */
      quantiles: z.array(z.number()),
    }),
  ),
});
export type ReferenceStatistics = z.infer<typeof ReferenceStatistics>;

/** A row that fits the model's `RequestSchema`. */
export type Row = Record<string, number | string | null | (number | null)[]>;

export interface Prediction {
  /** By name, as `RequestSchema.outputs` lists them. */
  outputs: Record<string, number[] | string[]>;
  /** Fields that lie outside of what the model has learnt from. */
  outOfRange: string[];
}

/** A bundle that can answer; made by the `predict` of its task, without a line of training. Immutable. */
export interface ServedModel {
  request: RequestSchema;
  /** null: the bundle is from before they were kept. */
  reference: ReferenceStatistics | null;
  /** One prediction a row, in their order. */
  predict(rows: Row[]): Prediction[];
  /** Greatest relative difference between the bundle's golden answers and today's; infinite where one is no number. */
  warmUp(): number;
  /** What this model makes of an observation pack's windows, whoever made the forecasts that are in it; null where its kind
   *  forecasts no tracts. @throws CorruptError where the pack has no windows, or ones that this model cannot read */
  forecastPack: ((pack: BundleFiles) => PackForecasts) | null;
  /** Ids of the tracts whose windows in an observation pack lie outside of what this model has learnt from; absent where its
   *  kind forecasts no tracts. @throws CorruptError as `forecastPack` */
  outOfRangeTracts?(pack: BundleFiles): Set<string>;
  /** Both of it, giving way to others within each millisecond: thousands of tracts take seconds.
   *  @param turn resolves when others had theirs, such as `setImmediate` of node:timers/promises
   *  @throws CorruptError as `forecastPack` */
  openPackInTurns?(pack: BundleFiles, turn: () => Promise<unknown>): Promise<OpenPack>;
}

/** An observation pack that a model has read. */
export interface OpenPack {
  /** As `forecastPack`. @param given the pack's own, where they were read already */
  forecasts(given?: PackForecasts): Promise<PackForecasts>;
  /** As `outOfRangeTracts`. */
  outOfRange(): Set<string>;
}
