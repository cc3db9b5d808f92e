import { type BundleFiles, PackManifest } from '../contracts/bundle.ts';
import { CorruptError } from '../contracts/errors.ts';
import { checkFiles, listed, refuseUnsafe, sha256 } from './manifest.ts';

/** Where an observation pack keeps its manifest. */
export const PACK_MANIFEST = 'pack.json';

/** Packs that a registry keeps: the newest one, and those that somebody may just be reading. */
export const KEPT_PACKS = 3;

/** Adds the manifest to the files of an observation pack. */
export function sealPack(files: BundleFiles, about: Omit<PackManifest, 'format' | 'files'>): BundleFiles {
  const manifest = PackManifest.parse({ format: 1, ...about, files: listed(files) });
  return new Map([...files, [PACK_MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]]);
}

/** Checks every file of a pack against its manifest, and the manifest against an id where one is given.
 *  @returns the manifest, and the pack's id: the SHA-256 of the manifest
 *  @throws CorruptError naming the file that is missing, left over or not what it was */
export function verifyPack(files: BundleFiles, expectedId?: string): { manifest: PackManifest; id: string } {
  const { manifest, id } = readPackManifest(files.get(PACK_MANIFEST) ?? null, expectedId);
  checkFiles(files, { listedIn: PACK_MANIFEST, as: manifest.files, corrupt });
  return { manifest, id };
}

/** The manifest alone: it tells which files belong to the pack.
 *  @param bytes null: there is none
 *  @throws CorruptError if it is missing, another one, or no manifest */
export function readPackManifest(
  bytes: Uint8Array | null,
  expectedId?: string,
): { manifest: PackManifest; id: string } {
  if (!bytes) throw corrupt(PACK_MANIFEST, 'is missing');
  const id = sha256(bytes);
  if (expectedId && id !== expectedId)
    throw corrupt(PACK_MANIFEST, `has the id ${id}, expected ${expectedId}`);
  try {
    const manifest = PackManifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    for (const path of Object.keys(manifest.files)) refuseUnsafe(path);
    return { manifest, id };
  } catch (cause) {
    throw corrupt(PACK_MANIFEST, 'is not a manifest', cause);
  }
}

function corrupt(path: string, what: string, cause?: unknown): CorruptError {
  return new CorruptError(`the observation pack's ${path} ${what}`, {
    cause,
    hint: 'the next run publishes a new one; until then the one before may be served',
    facts: { file: path },
  });
}
