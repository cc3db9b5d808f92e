import { z } from 'zod';
import { Maybe, Sha256, Timestamp } from './scalars.ts';

export const Rule = z.strictObject({
  rule: z.string(),
  passed: z.boolean(),
  observed: z.union([z.number(), z.string(), z.null()]),
  limit: z.union([z.number(), z.string(), z.null()]),
  detail: z.string().default(''),
});
export type Rule = z.infer<typeof Rule>;

/** `reports/<model>/promotion.json`: the decision and its reason. */
export const Promotion = z.strictObject({
  model: z.string(),
  decided_at: Timestamp,
  outcome: z.enum(['first', 'better', 'not-better', 'worse', 'inconclusive', 'refused']),
  /** Not worse than the allowed loss: the required status. */
  merge: z.boolean(),
  /** Better: the challenger becomes the champion. */
  promote: z.boolean(),
  /** One sentence in words. */
  reason: z.string(),
  rules: z.array(Rule),
  metric: z.string(),
  challenger: z.strictObject({ name: z.string(), digest: Sha256, score: Maybe }),
  champion: z
    .strictObject({ name: z.string(), version: z.string(), digest: Sha256, score: Maybe })
    .nullable(),
  baseline: z.strictObject({ name: z.string(), score: Maybe }),
  /** Relative improvement of the challenger over champion (or baseline for a first model), with its interval. */
  improvement: z.strictObject({ estimate: Maybe, low: Maybe, high: Maybe, smallest_visible: Maybe }),
  cutoffs: z.number().int().nonnegative(),
  /** Which look at this champion this is, and the level it was tested at. */
  look: z.strictObject({ number: z.number().int().positive(), alpha: z.number() }),
  policy: z.record(z.string(), z.union([z.number(), z.string()])),
});
export type Promotion = z.infer<typeof Promotion>;

/** `reports/<model>/production.json`: the desired state. */
export const Production = z.strictObject({
  model: z.string(),
  version: z.string().regex(/^v\d{4,}$/),
  digest: Sha256,
  run: z.string().nullable(),
  metrics: z.record(z.string(), Maybe),
  data_version: z.string(),
  commit: z.string(),
  train_end: Timestamp,
  promoted_at: Timestamp,
  candidate: z.string(),
  is_baseline: z.boolean(),
});
export type Production = z.infer<typeof Production>;

/** One file of `reports/<model>/history/`: a promotion, a refusal, a rollback, or the word of a person that overrides a
 *  refused review or lifts a bar. */
export const HistoryEntry = z.strictObject({
  at: Timestamp,
  kind: z.enum(['promotion', 'refusal', 'rollback', 'override', 'lift']),
  by: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  why: z.string(),
  /** Of an override: the commit that it lets through, and no other. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  /** Of a rollback that bars what it takes away: no bundle of this digest or this recipe is promoted by itself. */
  barred: z
    .strictObject({ digest: Sha256, /** null: it could not be told. */ recipe: Sha256.nullable() })
    .optional(),
  /** Of a lift: the digest that was barred. */
  lifted: Sha256.optional(),
  /** Of an override: where it was said. */
  pull_request: z.number().int().positive().optional(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;
