import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PackManifest } from '../../contracts/bundle.ts';
import { readJson } from '../../files.ts';
import type { PackSeen } from './judge-forecast.ts';

/** @returns null where none was published
 *  @throws CorruptError if its manifest cannot be read */
export async function readPack(folder: string): Promise<PackSeen | null> {
  const manifest = await readJson(join(folder, 'pack.json'), PackManifest);
  if (!manifest) return null;
  const wrong: string[] = [];
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    const bytes = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== sha256) wrong.push(name);
  }
  return { manifest, wrong };
}
