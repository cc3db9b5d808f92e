import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PackManifest } from '../../pipeline/contracts/bundle.ts';
import { CorruptError, UsageError } from '../../pipeline/contracts/errors.ts';
import { PackForecasts } from '../../pipeline/contracts/pack.ts';
import type { RegisteredVersion, Registry } from '../../pipeline/contracts/registry.ts';
import { readJson } from '../../pipeline/files.ts';
import { folderRegistry } from '../../pipeline/registry/folder.ts';
import { buildPlaces, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import { paths, workspaceAt } from '../../pipeline/workspace.ts';

export type Tract = PackForecasts['tracts'][number];

/** What one answer is made from: a version of the model and the newest observations, both whole and verified. */
export interface Predictor {
  model: string;
  /** The version that made the forecasts. */
  version: RegisteredVersion;
  pack: PackManifest;
  forecasts: PackForecasts;
  tracts: Map<string, Tract>;
  places: Places;
}

/** Loads the champion's bundle, wherever models live, and the observation pack that a run left behind.
 *  @param root the workspace
 *  @param registry default: the workspace's folder
 *  @throws UsageError if nothing was promoted or published yet; CorruptError if a file is not what its manifest says */
export async function loadPredictor(
  root: string,
  model: string,
  registry: Pick<Registry, 'alias' | 'versions' | 'bundle'> = folderIn(root, model),
): Promise<Predictor> {
  const at = paths(workspaceAt(root), model);
  const champion = await registry.alias('champion');
  const pack = champion && (await readJson(join(at.pack, 'pack.json'), PackManifest));
  if (!pack) {
    throw new UsageError(`there is no champion of ${model} with a forecast in ${root} yet`, {
      hint: 'run `npm start` first: it trains one and publishes what it forecasts',
    });
  }
  const version = await madeBy(pack, champion, registry.versions);
  const bundle = await registry.bundle(version.version);
  const forecasts = PackForecasts.parse(JSON.parse(await verified(at.pack, 'forecasts.json', pack)));
  const polygons = bundle.get('places.geojson');
  return {
    model,
    version,
    pack,
    forecasts,
    tracts: new Map(forecasts.tracts.map((tract) => [tract.id, tract])),
    places: buildPlaces(polygons ? JSON.parse(Buffer.from(polygons).toString('utf8')) : NO_POLYGONS, {
      key: 'id',
      centres: forecasts.tracts,
    }),
  };
}

function folderIn(root: string, model: string): Registry {
  return folderRegistry(paths(workspaceAt(root), model).registry, { model, now: () => new Date() });
}

const NO_POLYGONS = { type: 'FeatureCollection', features: [] };

/** After a rollback the pack is still its former champion's until the next run; an answer names who made it. */
async function madeBy(
  pack: PackManifest,
  champion: RegisteredVersion,
  versions: () => Promise<RegisteredVersion[]>,
): Promise<RegisteredVersion> {
  const version =
    pack.bundle === champion.digest
      ? champion
      : (await versions()).find(({ digest }) => digest === pack.bundle);
  if (version) return version;
  throw new CorruptError(
    `the published forecast was made by bundle ${pack.bundle}, which is not registered`,
    {
      hint: 'run `npm start` again: it publishes a forecast of the champion',
    },
  );
}

async function verified(directory: string, name: string, pack: PackManifest): Promise<string> {
  const path = join(directory, name);
  const bytes = await readFile(path).catch(() => null);
  if (bytes && createHash('sha256').update(bytes).digest('hex') === pack.files[name]?.sha256) {
    return bytes.toString('utf8');
  }
  throw new CorruptError(`${path} is ${bytes ? 'not the file its manifest names' : 'missing'}`, {
    hint: 'run `npm start` again: it publishes the forecast anew',
  });
}
