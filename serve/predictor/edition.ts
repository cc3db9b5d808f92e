import { CorruptError } from '../../pipeline/contracts/errors.ts';
import type { PackForecasts } from '../../pipeline/contracts/pack.ts';
import { buildPlaces, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import type { LoadedModel } from './model.ts';
import type { LoadedPack } from './pack.ts';

export type Tract = PackForecasts['tracts'][number];

/** What one answer is made from: a model and the newest observations, both whole and verified. Immutable: a request keeps the
 *  edition that it began with, and a swap makes a new one. */
export interface Edition {
  model: LoadedModel;
  /** null: nothing was observed yet, or the model forecasts no tracts. */
  pack: LoadedPack | null;
  forecasts: PackForecasts | null;
  /** Ids of tracts whose newest values the model has not seen the like of; undefined: to be computed when it is asked for. */
  outOfRange?: ReadonlySet<string>;
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
  const before = pack && preparedOf(model, pack);
  const forecasts = pack && forecastsBy(model, pack, before);
  return {
    model,
    pack,
    forecasts,
    outOfRange: before?.outOfRange,
    tracts: new Map(forecasts?.tracts.map((tract) => [tract.id, tract])),
    places: model.polygons ?? buildPlaces(NO_POLYGONS, { key: 'id', centres: forecasts?.tracts }),
    headers: {
      'x-model-version': model.version.version,
      'x-data-version': pack?.manifest.data_version ?? model.version.data_version,
    },
  };
}

interface Prepared {
  pack: LoadedPack;
  /** null: the pack's own are right. */
  forecasts: PackForecasts | null;
  outOfRange: ReadonlySet<string>;
}

/** Of each model what was made of a pack last, until it is used. */
const prepared = new WeakMap<LoadedModel, Prepared>();

/** Makes what `editionOf` and its first request will need, in turns with whatever else there is to do: thousands of tracts take
 *  seconds. What fails here fails there, and is told there.
 *  @param turn as of `inTurns` */
export async function prepareEdition(
  model: LoadedModel,
  pack: LoadedPack | null,
  turn: () => Promise<void>,
): Promise<void> {
  if (!pack || !model.served.openPackInTurns) return;
  try {
    const opened = await model.served.openPackInTurns(pack.files, turn);
    const outOfRange = opened.outOfRange();
    await turn();
    const forecasts = isOwn(pack, model) ? null : await opened.forecasts(pack.forecasts);
    prepared.set(model, { pack, forecasts, outOfRange });
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
  }
}

/** @returns null where nothing was made of this pack */
function preparedOf(model: LoadedModel, pack: LoadedPack): Prepared | null {
  const before = prepared.get(model);
  // Kept, it would hold on to a pack that is replaced.
  prepared.delete(model);
  return before?.pack === pack ? before : null;
}

function forecastsBy(model: LoadedModel, pack: LoadedPack, before: Prepared | null): PackForecasts {
  const again = model.served.forecastPack;
  if (isOwn(pack, model) || !again) return pack.forecasts;
  return before?.forecasts ?? again(pack.files);
}

function isOwn(pack: LoadedPack, model: LoadedModel): boolean {
  return pack.manifest.bundle === model.version.digest;
}

const NO_POLYGONS = { type: 'FeatureCollection', features: [] };
