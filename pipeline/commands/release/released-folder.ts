import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { writeArchive } from '../../clients/snapshot-zip.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { RegisteredVersion } from '../../contracts/registry.ts';
import type { Released } from '../../contracts/released.ts';

const DOCUMENT = 'released.json';

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
  await mkdir(folder, { recursive: true });
  const { model } = version;
  return {
    version,
    bundle: await archive(folder, `${model}-${version.version}.zip`, files),
    pack: pack && (await archive(folder, `${model}-pack.zip`, pack)),
  };
}

async function archive(folder: string, name: string, files: BundleFiles) {
  const members = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  await writeArchive(
    join(folder, name),
    members.map(([path, content]) => ({
      name: path,
      bytes: content.byteLength,
      open: async () => Readable.from([Buffer.from(content)]),
    })),
  );
  const bytes = await readFile(join(folder, name));
  return { url: name, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
}
