import { z } from 'zod';
import { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { Sha256, Timestamp } from '../../pipeline/contracts/scalars.ts';

/** A bundle that is never tried again by itself. */
export const Refused = z.strictObject({
  model: z.string(),
  version: z.string(),
  digest: Sha256,
  reason: z.string(),
  at: Timestamp,
  /** Which code could not read it: other code may. null: it was read, and answered worse or was taken back by a person. */
  code: z.string().nullable(),
});
export type Refused = z.infer<typeof Refused>;

/** `refused.json` */
export const RefusedFile = z.strictObject({ format: z.literal(1), refused: z.array(Refused) });

/** `pinned.json`: model → version. */
export const PinnedFile = z.strictObject({ format: z.literal(1), pinned: z.record(z.string(), z.string()) });

/** Something that came, or was to come, in the place of what was served. */
export const Swap = z.strictObject({
  at: Timestamp,
  model: z.string(),
  kind: z.enum(['bundle', 'pack']),
  /** `trial`: it answers along from now on; `kept`: its trial is over and it stays. */
  result: z.enum(['swapped', 'trial', 'kept', 'refused', 'rolled-back', 'failed']),
  /** Version of a bundle, data version of a pack. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  reason: z.string(),
});
export type Swap = z.infer<typeof Swap>;

/** `swaps.json`: the newest ones, oldest first. */
export const SwapsFile = z.strictObject({ format: z.literal(1), swaps: z.array(Swap) });

/** A bundle that was begun with: loaded, then on trial. */
export const Attempt = z.strictObject({
  model: z.string(),
  version: z.string(),
  digest: Sha256,
  /** When it was begun with last. */
  at: Timestamp,
  /** Processes that ended meanwhile, and nobody told them to. */
  deaths: z.number().int().nonnegative(),
  /** null: nobody tries it now. */
  phase: z.enum(['loading', 'trial']).nullable(),
  /** Who tries it: process id and host. */
  process: z.string().nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

/** `attempts.json`: the oldest first. */
export const AttemptsFile = z.strictObject({ format: z.literal(1), attempts: z.array(Attempt) });

const Kept = z.strictObject({ version: RegisteredVersion });

/** `served.json`: what each model answered from last, its files in `bundles/<digest>/` and `packs/<id>/`. */
export const ServedFile = z.strictObject({
  format: z.literal(1),
  models: z.record(
    z.string(),
    z.strictObject({
      at: Timestamp,
      current: Kept,
      /** Where a rollback goes. */
      previous: Kept.nullable(),
      pack: z.string().nullable(),
    }),
  ),
});
export type ServedFile = z.infer<typeof ServedFile>;
