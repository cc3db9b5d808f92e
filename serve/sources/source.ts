import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';

/** Where bundles and observation packs come from. A source only names what was verified: the alias `champion`, or `released.json`.
 *  Each question is cheap while nothing has changed, and has a limit of time of its own. */
export interface Source {
  /** For people. */
  where: string;
  /** What should be served now; null where there is none yet. Reads names alone, no files. */
  version(model: string): Promise<RegisteredVersion | null>;
  /** Files of a version, as `verifyBundle` will check them. */
  bundle(model: string, version: RegisteredVersion): Promise<BundleFiles>;
  /** The newest observation pack.
   *  @param seen identity of the pack that is served, as an earlier answer told it
   *  @returns null where there is none, or it is the one seen */
  pack(model: string, seen: string | null): Promise<{ id: string; files: BundleFiles } | null>;
  /** One version of before, by its name: for rollbacks and pinned versions; null where it is not to be had. */
  versionNamed(model: string, version: string): Promise<RegisteredVersion | null>;
  close(): Promise<void>;
}
