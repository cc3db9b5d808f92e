import { z } from 'zod';
import { Sha256, Timestamp } from './scalars.ts';

/** `data/<model>/raw/<collected_at>/snapshot.json`, beside the raw bytes it describes. Written last: without it the folder is not a snapshot. */
export const Snapshot = z.strictObject({
  collected_at: Timestamp,
  files: z
    .array(
      z.strictObject({
        /** File name inside the snapshot's folder. */
        name: z.string(),
        /** Where it came from, with secrets taken out. */
        url: z.string(),
        bytes: z.number().int().nonnegative(),
        sha256: Sha256,
        format: z.enum(['csv', 'parquet', 'json']),
        status: z.number().int().optional(),
        /** The response's headers that say something of the content (etag, last-modified, content-type, …). */
        headers: z.record(z.string(), z.string()),
      }),
    )
    .min(1),
  /** Hash over the files' hashes, in order: the snapshot's identity. */
  sha256: Sha256,
});
export type Snapshot = z.infer<typeof Snapshot>;

/** `reports/<model>/source.json`: lets the daily check run without pulling data. */
export const SourceState = z.strictObject({
  /** Per url: what a conditional request needs. */
  urls: z.record(
    z.string(),
    z.strictObject({
      etag: z.string().optional(),
      last_modified: z.string().optional(),
      /** Of what was said: the bytes; of a JSON API its records, for the envelope changes with each answer. */
      sha256: Sha256,
    }),
  ),
  /** The newest snapshot collected. */
  snapshot: z.strictObject({
    collected_at: Timestamp,
    sha256: Sha256,
    /** So that a check that has not pulled the data can still say what there is. */
    files: Snapshot.shape.files.optional(),
  }),
  /** When the portal last published something new. */
  last_new_at: Timestamp,
  checked_at: Timestamp,
  /** What the gate said of the newest snapshot; absent until it has spoken (a killed run goes on from there). */
  gated: z.strictObject({ sha256: Sha256, passed: z.boolean() }).optional(),
  /** The schema last accepted by the gate. */
  schema: z.lazy(() => AcceptedSchema).optional(),
});
export type SourceState = z.infer<typeof SourceState>;

/** What the next snapshot is compared with. */
export const AcceptedSchema = z.strictObject({
  sha256: Sha256,
  rows: z.number().int().nonnegative(),
  last_time: Timestamp.optional(),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      role: z.string(),
      type: z.enum(['integer', 'number', 'date', 'text', 'empty']),
      /** Robust description of the values: evidence for renames and changes of unit or meaning. */
      stats: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
    }),
  ),
});
export type AcceptedSchema = z.infer<typeof AcceptedSchema>;
