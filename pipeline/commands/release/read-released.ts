import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { Released } from '../../contracts/released.ts';
import { readJson } from '../../files.ts';
import { DOCUMENT } from './room.ts';

/** What a bake left, as it is served: each archive is checked against the document that names it. */
export interface BakedModel {
  model: string;
  version: Released['models'][string]['version'];
  bundle: BundleFiles;
  pack: BundleFiles | null;
}

/** @throws CorruptError where the folder holds no whole release */
export async function readReleased(folder: string): Promise<{ released: Released; models: BakedModel[] }> {
  const released = await readJson(join(folder, DOCUMENT), Released);
  if (!released) {
    throw new CorruptError(`${folder} has no ${DOCUMENT}`, {
      hint: 'bake it first: perennial release-build',
    });
  }
  const models: BakedModel[] = [];
  for (const [model, { version, bundle, pack }] of Object.entries(released.models)) {
    models.push({
      model,
      version,
      bundle: await archive(folder, bundle),
      pack: pack && (await archive(folder, pack)),
    });
  }
  return { released, models };
}

async function archive(
  folder: string,
  { url, sha256 }: { url: string; sha256: string },
): Promise<BundleFiles> {
  const bytes = await readFile(join(folder, url));
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new CorruptError(`${url} is not what ${DOCUMENT} names`, { hint: 'bake it again' });
  }
  return new Map(Object.entries(unzipSync(bytes)));
}
