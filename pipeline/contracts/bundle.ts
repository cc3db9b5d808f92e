import { z } from 'zod';
import { Sha256, Timestamp } from './scalars.ts';

export const BUNDLE_FORMAT = 1;

/** `bundle.json`: the manifest. Its own SHA-256 is the bundle's digest, and its name. */
export const BundleManifest = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  task: z.string(),
  model: z.string(),
  /** Last moment the model has learnt from. */
  train_end: Timestamp,
  created_at: Timestamp,
  data_version: z.string(),
  commit: z.string(),
  /** Name of the candidate inside: lstm, trees, blend, seasonal-naive … */
  candidate: z.string(),
  /** True where no model beat the baseline and the baseline itself is published. */
  is_baseline: z.boolean(),
  hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  /** Path inside the bundle → hash of its bytes, sorted by path. */
  files: z.record(z.string(), z.strictObject({ sha256: Sha256, bytes: z.number().int().nonnegative() })),
});
export type BundleManifest = z.infer<typeof BundleManifest>;

/** Path inside the bundle → bytes. Tasks make it; shells write it. */
export type BundleFiles = Map<string, Uint8Array>;

/** `pack.json`: manifest of an observation pack, what was newly seen. */
export const PackManifest = z.strictObject({
  format: z.literal(1),
  model: z.string(),
  published_at: Timestamp,
  /** Last moment observed. */
  last_time: Timestamp,
  data_version: z.string(),
  /** Identity of the snapshot it was made from: tells a run that was killed before from one that is done. */
  snapshot: Sha256,
  /** Digest of the bundle that the interval widths were adapted for. */
  bundle: Sha256.nullable(),
  files: z.record(z.string(), z.strictObject({ sha256: Sha256, bytes: z.number().int().nonnegative() })),
});
export type PackManifest = z.infer<typeof PackManifest>;
