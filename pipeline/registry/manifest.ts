import { createHash } from 'node:crypto';
import { BUNDLE_FORMAT, type BundleFiles, BundleManifest } from '../contracts/bundle.ts';
import { CorruptError, UsageError } from '../contracts/errors.ts';

/** Where a bundle keeps its manifest. */
export const MANIFEST = 'bundle.json';

/** Adds the manifest to what a task learnt.
 *  @param files everything but the manifest
 *  @returns the bundle and its digest, the SHA-256 of its manifest
 *  @throws UsageError if a path could lead out of the bundle */
export function sealBundle(
  files: BundleFiles,
  about: Omit<BundleManifest, 'format' | 'files'>,
): { files: BundleFiles; digest: string; manifest: BundleManifest } {
  const content = new Map([...files].filter(([path]) => path !== MANIFEST));
  for (const path of content.keys()) refuseUnsafe(path);
  const manifest = BundleManifest.parse({
    format: BUNDLE_FORMAT,
    ...about,
    files: listed(content),
  });
  const bytes = canonical(manifest);
  return { files: content.set(MANIFEST, bytes), digest: sha256(bytes), manifest };
}

/** Digest that a bundle claims, unverified; null where it has no manifest. */
export function digestOf(files: BundleFiles): string | null {
  const bytes = files.get(MANIFEST);
  return bytes ? sha256(bytes) : null;
}

/** Checks every file of a bundle against its manifest, and the manifest against a digest where one is given.
 *  @throws CorruptError naming the file that is missing, left over or not what it was */
export function verifyBundle(
  files: BundleFiles,
  expectedDigest?: string,
): { manifest: BundleManifest; digest: string } {
  const { manifest, digest } = readManifest(files.get(MANIFEST) ?? null, expectedDigest);
  checkFiles(files, { listedIn: MANIFEST, as: manifest.files, corrupt });
  return { manifest, digest };
}

/** What a manifest tells of the files beside it. */
export function listed(files: BundleFiles): BundleManifest['files'] {
  return Object.fromEntries(
    [...files].map(([path, bytes]) => [path, { sha256: sha256(bytes), bytes: bytes.byteLength }]),
  );
}

/** Checks that files are those of their manifest, every byte, and no others.
 *  @param options.listedIn path of the manifest among them
 *  @throws what `corrupt` makes of a path and what is wrong with it */
export function checkFiles(
  files: BundleFiles,
  options: {
    listedIn: string;
    as: BundleManifest['files'];
    corrupt: (path: string, what: string) => CorruptError;
  },
): void {
  const { listedIn, as, corrupt } = options;
  for (const [path, expected] of Object.entries(as)) {
    const found = files.get(path);
    if (!found) throw corrupt(path, 'is missing');
    if (sha256(found) !== expected.sha256)
      throw corrupt(path, `is not the file the manifest names (${found.byteLength} bytes)`);
  }
  for (const path of files.keys())
    if (path !== listedIn && !Object.hasOwn(as, path)) throw corrupt(path, 'is not in the manifest');
}

/** The manifest alone, checked against a digest where one is given: it tells which files belong to it.
 *  @param bytes null: there is none
 *  @throws CorruptError if it is missing, another one, or no manifest */
export function readManifest(
  bytes: Uint8Array | null,
  expectedDigest?: string,
): { manifest: BundleManifest; digest: string } {
  if (!bytes) throw corrupt(MANIFEST, 'is missing');
  const digest = sha256(bytes);
  if (expectedDigest && digest !== expectedDigest)
    throw corrupt(MANIFEST, `has the digest ${digest}, expected ${expectedDigest}`);
  return { manifest: parseManifest(bytes), digest };
}

/** @throws UsageError for paths that are absolute, climb, or hold anything but plain names: they would land elsewhere,
 *  on a disk as in an artifact store. */
export function refuseUnsafe(path: string): void {
  const plain = path.split('/').every((part) => /^[\w@+-][\w.@+-]*$/.test(part) && !/^__proto__$/.test(part));
  if (!plain)
    throw new UsageError(`the path ${JSON.stringify(path)} cannot be part of a bundle`, {
      hint: 'use relative paths of letters, digits, dots, dashes and underscores',
    });
}

function parseManifest(bytes: Uint8Array): BundleManifest {
  let manifest: BundleManifest;
  try {
    manifest = BundleManifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    for (const path of Object.keys(manifest.files)) refuseUnsafe(path);
  } catch (cause) {
    throw corrupt(MANIFEST, 'is not a manifest', cause);
  }
  // One manifest, one digest: the same content written in another order would have another name.
  if (!Buffer.from(canonical(manifest)).equals(bytes)) throw corrupt(MANIFEST, 'is not in canonical form');
  return manifest;
}

/** JSON with sorted keys, two spaces and a final newline: the same manifest is always the same bytes. */
function canonical(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(sorted(value), null, 2)}\n`);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function corrupt(path: string, what: string, cause?: unknown): CorruptError {
  return new CorruptError(`bundle file ${path} ${what}`, {
    cause,
    hint: 'roll back to another version, or restore the file; it will not be loaded as it is',
    facts: { file: path },
  });
}
