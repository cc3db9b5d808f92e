import { CorruptError } from '../../pipeline/contracts/errors.ts';
import type { PackForecasts } from '../../pipeline/contracts/pack.ts';
import { buildPlaces, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import type { LoadedModel } from './model.ts';
import { othersFirst } from './others-first.ts';
import type { LoadedPack } from './pack.ts';

export type Tract = PackForecasts['tracts'][number];

/** What one answer is made from: a model and the newest observations, both whole and verified. Immutable: a request keeps the
 *  edition that it began with, and a swap makes a new one. */
export interface Edition {
  model: LoadedModel;
  /** null: nothing was observed yet, or the model forecasts no tracts. */
  pack: LoadedPack | null;
  forecasts: PackForecasts | null;
  tracts: Map<string, Tract>;
  places: Places;
  /** Headers of each of its answers. */
  headers: { 'x-model-version': string; 'x-data-version': string };
}

/** Joins a model and a pack. Forecasts that another model made are made again, from the pack's windows.
 *  @throws CorruptError where they do not belong together */
export function editionOf(model: LoadedModel, pack: LoadedPack | null): Edition {
  if (pack && pack.manifest.model !== model.name) {
    throw new CorruptError(
      `the observation pack is of ${pack.manifest.model}, the bundle of ${model.name}: they do not belong together`,
    );
  }
  const forecasts = pack && forecastsBy(model, pack);
  return {
    model,
    pack,
    forecasts,
    tracts: new Map(forecasts?.tracts.map((tract) => [tract.id, tract])),
    places: model.polygons ?? buildPlaces(NO_POLYGONS, { key: 'id', centres: forecasts?.tracts }),
    headers: {
      'x-model-version': model.version.version,
      'x-data-version': pack?.manifest.data_version ?? model.version.data_version,
    },
  };
}

/** Of each model the last forecasts that were made of a pack in turns, until they are used. */
const prepared = new WeakMap<LoadedModel, { pack: LoadedPack; forecasts: PackForecasts }>();

/** Makes what `editionOf` will need, in turns with whatever else there is to do: thousands of tracts take seconds. What fails here
 *  fails there, and is told there. */
export async function prepareEdition(model: LoadedModel, pack: LoadedPack | null): Promise<void> {
  const again = model.served.forecastPackInTurns;
  if (!pack || !again || pack.manifest.bundle === model.version.digest) return;
  try {
    prepared.set(model, { pack, forecasts: await again(pack.files, othersFirst) });
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
  }
}

function forecastsBy(model: LoadedModel, pack: LoadedPack): PackForecasts {
  const before = prepared.get(model);
  // Kept, it would hold on to a pack that is replaced.
  prepared.delete(model);
  const again = model.served.forecastPack;
  if (pack.manifest.bundle === model.version.digest || !again) return pack.forecasts;
  return before?.pack === pack ? before.forecasts : again(pack.files);
}

const NO_POLYGONS = { type: 'FeatureCollection', features: [] };
