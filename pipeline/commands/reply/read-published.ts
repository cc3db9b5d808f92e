import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PackManifest } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { PackForecasts } from '../../contracts/pack.ts';
import { Production } from '../../contracts/promotion.ts';
import { readJson } from '../../files.ts';
import { paths, type Workspace } from '../../workspace.ts';
import { type PackMeta, readPackPointer } from '../etl/pack-pointer.ts';

/** The newest observation pack of one model, each file checked. */
export interface Published {
  model: string;
  manifest: PackManifest;
  forecasts: PackForecasts;
  /** The version of production.json, where the pack was made with it; else null. */
  version: string | null;
  /** Where it was read, for people. */
  from: string;
}

/** The pack that git names, brought from the remote where it is not here yet.
 *  @param pull brings what a pointer of DVC names
 *  @returns null where none was published
 *  @throws CorruptError if it is not what its hashes say */
export async function readPublished(
  workspace: Workspace,
  model: string,
  pull: (pointer: string) => Promise<void>,
): Promise<Published | null> {
  const at = paths(workspace, model);
  const relative = `reports/${model}/pack.dvc`;
  const text = await readFile(join(workspace.root, relative), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );
  const pointer = readPackPointer(text);
  let manifest = await readJson(join(at.pack, 'pack.json'), PackManifest);
  if (pointer && !isOf(manifest, pointer.meta)) {
    await pull(relative);
    manifest = await readJson(join(at.pack, 'pack.json'), PackManifest);
    if (!isOf(manifest, pointer.meta))
      throw new CorruptError(`${relative} names another pack than the remote gave`, {
        hint: 'the next run of the workflow etl publishes it anew',
      });
  }
  if (!manifest) return null;
  const bytes = await readFile(join(at.pack, 'forecasts.json'));
  const expected = manifest.files['forecasts.json']?.sha256;
  if (createHash('sha256').update(bytes).digest('hex') !== expected)
    throw new CorruptError(`forecasts.json of ${model}'s pack is not what its manifest says`, {
      hint: 'the next run of the workflow etl publishes it anew',
    });
  const production = await readJson(at.production, Production);
  return {
    model,
    manifest,
    forecasts: PackForecasts.parse(JSON.parse(bytes.toString())),
    version: production && production.digest === manifest.bundle ? production.version : null,
    from: pointer ? 'the pack that `master` names' : 'the pack of this machine',
  };
}

/** DVC writes a moment in a form of its own. */
function isOf(manifest: PackManifest | null, meta: PackMeta): boolean {
  return (
    manifest?.snapshot === meta.snapshot &&
    manifest.bundle === meta.bundle &&
    Date.parse(manifest.published_at) === Date.parse(meta.published_at)
  );
}
