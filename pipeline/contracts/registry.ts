import { z } from 'zod';
import type { BundleFiles } from './bundle.ts';
import { Maybe, Sha256, Timestamp } from './scalars.ts';

/** `version.json` of a registered version. */
export const RegisteredVersion = z.strictObject({
  model: z.string(),
  version: z.string().regex(/^v\d{4,}$/),
  digest: Sha256,
  registered_at: Timestamp,
  metrics: z.record(z.string(), Maybe),
  hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  commit: z.string(),
  data_version: z.string(),
  run: z.string().nullable(),
  /** Version that was champion when this one was made. */
  parent: z.string().nullable(),
  train_end: Timestamp,
  candidate: z.string(),
  is_baseline: z.boolean(),
});
export type RegisteredVersion = z.infer<typeof RegisteredVersion>;

export type Alias = 'champion' | 'challenger';

/** One contract, two homes: a folder and MLflow. The same tests hold for both. */
export interface Registry {
  /** Stores a bundle whole or not at all; the same digest twice returns the first version. */
  register(
    files: BundleFiles,
    about: Omit<RegisteredVersion, 'version' | 'digest' | 'registered_at' | 'model'>,
  ): Promise<RegisteredVersion>;
  versions(): Promise<RegisteredVersion[]>;
  /** null where there is none; a version whose files do not match its digest throws CorruptError. */
  version(version: string): Promise<RegisteredVersion | null>;
  bundle(version: string): Promise<BundleFiles>;
  alias(alias: Alias): Promise<RegisteredVersion | null>;
  /** Where an alias points, whatever state that version is in: so that a damaged champion can be moved away from. */
  pointer(alias: Alias): Promise<string | null>;
  /** Moves an alias in one step.
   *  @param expected the version the caller believes is there now (null: none); another one → ConflictError */
  setAlias(alias: Alias, version: string, expected: string | null): Promise<void>;
  /** Takes a version away; one that is not there is no error. Numbers are never given twice, so the newest one stays.
   *  @throws ConflictError where an alias points at it, or it is the newest */
  remove(version: string): Promise<void>;
  /** Stores an observation pack whole or not at all, then names it the newest. The few before it stay for whoever is reading them.
   *  @returns its id, the SHA-256 of its `pack.json`
   *  @throws CorruptError where a file is not what the pack's manifest says */
  publishPack(files: BundleFiles): Promise<string>;
  /** The newest observation pack, every byte checked. While there is no newer one this asks for a name alone.
   *  @param seen id of the pack that the caller has, null: none
   *  @returns null where there is none, or it is the one seen
   *  @throws CorruptError naming the file that is missing or not what it was */
  newestPack(seen: string | null): Promise<{ id: string; files: BundleFiles } | null>;
}
