import { z } from 'zod';
import { RegisteredVersion } from './registry.ts';
import { Sha256, Timestamp } from './scalars.ts';

/** An archive beside `released.json`: a path or an address relative to it, or an absolute http(s) address. */
export const Archive = z.strictObject({
  url: z.string().min(1).max(2000),
  sha256: Sha256,
  bytes: z.number().int().nonnegative(),
});
export type Archive = z.infer<typeof Archive>;

/** `released.json`: what is served after it was verified. It lies in the image, beside each release, or on any web server;
 *  a running service follows it. */
export const Released = z.strictObject({
  format: z.literal(1),
  released_at: Timestamp,
  /** Of the code. */
  commit: z.string(),
  /** `v1.2.3`, and what it was pushed as; null where no image was made. */
  tag: z.string().nullable(),
  image: z.string().nullable(),
  models: z.record(
    z.string(),
    z.strictObject({
      version: RegisteredVersion,
      /** A zip of the bundle's files. */
      bundle: Archive,
      /** A zip of the observation pack of that day; null where the model has none. Newer ones are published beside it. */
      pack: Archive.nullable(),
    }),
  ),
});
export type Released = z.infer<typeof Released>;

/** `<model>-pack.json` beside `released.json`: an observation pack that was published after the release. It is replaced by each
 *  newer one; a service follows it without a new release. */
export const PackPointer = z.strictObject({
  format: z.literal(1),
  /** SHA-256 of the pack's `pack.json`: its name. */
  id: Sha256,
  url: z.string().min(1).max(2000),
  /** Of the zip. */
  sha256: Sha256,
  bytes: z.number().int().nonnegative(),
  published_at: Timestamp,
});
export type PackPointer = z.infer<typeof PackPointer>;
