import { createHash } from 'node:crypto';
import { type BundleFiles, PackManifest } from '../contracts/bundle.ts';

/** Adds the manifest to the files of an observation pack. */
export function sealPack(files: BundleFiles, about: Omit<PackManifest, 'format' | 'files'>): BundleFiles {
  const manifest = PackManifest.parse({
    format: 1,
    ...about,
    files: Object.fromEntries(
      [...files].map(([path, bytes]) => [
        path,
        { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength },
      ]),
    ),
  });
  return new Map([...files, ['pack.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]]);
}
