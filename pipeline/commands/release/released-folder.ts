import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { RegisteredVersion } from '../../contracts/registry.ts';
import type { Released } from '../../contracts/released.ts';
import { writeWhole } from '../../files.ts';
import { zipBundle } from '../../registry/bundle-zip.ts';
import { DOCUMENT } from './room.ts';

/** A folder that is replaced as a whole must hold nothing else.
 *  @throws UsageError where it does */
export async function refuseOthers(folder: string): Promise<void> {
  const there: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ours = there.every((name) => name === DOCUMENT || name.endsWith('.zip'));
  if (there.length === 0 || (ours && there.includes(DOCUMENT))) return;
  throw new UsageError(`${folder} holds other files than a release: it would be replaced`, {
    hint: 'name a folder that is not there yet, such as released',
  });
}

/** The archives of one model, with the same bytes whoever writes them.
 *  @returns its entry of `released.json` */
export async function writeArchives(
  folder: string,
  { version, files, pack }: { version: RegisteredVersion; files: BundleFiles; pack: BundleFiles | null },
): Promise<Released['models'][string]> {
  const { model } = version;
  return {
    version,
    bundle: await archive(folder, `${model}-${version.version}.zip`, files),
    pack: pack && (await archive(folder, `${model}-pack.zip`, pack)),
  };
}

async function archive(folder: string, name: string, files: BundleFiles) {
  const bytes = await zipBundle(files);
  await writeWhole(join(folder, name), bytes);
  return { url: name, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
}
