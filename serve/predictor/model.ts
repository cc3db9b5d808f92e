import type { BundleFiles, BundleManifest } from '../../pipeline/contracts/bundle.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import type { ServedModel } from '../../pipeline/contracts/serving.ts';
import { verifyBundle } from '../../pipeline/registry/manifest.ts';
import { verifyAnswers } from '../../pipeline/registry/verify-answers.ts';
import { buildPlaces, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import { loadKind } from './kinds.ts';
import { othersFirst } from './others-first.ts';

/** A bundle that was verified, opened, and has answered its warm-up requests as it did when it was made. Immutable. */
export interface LoadedModel {
  /** Of params.yaml. */
  name: string;
  version: RegisteredVersion;
  manifest: BundleManifest;
  served: ServedModel;
  /** Where the tracts are; null where the bundle has no polygons. */
  polygons: Places | null;
  /** The polygons as GeoJSON, UTF-8; null where there are none. */
  geojson: Uint8Array | null;
}

/** Hashes first, then the code that reads it, then its own warm-up requests: what fails any of them is never served.
 *  @throws CorruptError with the reason */
export function loadModel(files: BundleFiles, version: RegisteredVersion): LoadedModel {
  const steps = loading(files, version, null);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same, for a service that answers meanwhile: what waits is answered between two steps.
 *  @param before what is served: polygons that are the same are shared */
export async function loadModelInSteps(
  files: BundleFiles,
  version: RegisteredVersion,
  before: LoadedModel | null,
): Promise<LoadedModel> {
  const steps = loading(files, version, before);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await othersFirst();
  }
}

function* loading(
  files: BundleFiles,
  version: RegisteredVersion,
  before: LoadedModel | null,
): Generator<void, LoadedModel> {
  const { manifest } = verifyBundle(files, version.digest);
  yield;
  const served = loadKind(manifest.task, files);
  yield;
  verifyAnswers(served.warmUp(), { model: manifest.model, version: version.version });
  yield;
  const about = { name: manifest.model, version, manifest, served };
  const given = files.get('places.geojson') ?? null;
  if (given && before?.geojson && Buffer.compare(given, before.geojson) === 0)
    return { ...about, polygons: before.polygons, geojson: before.geojson };
  const collection = given && JSON.parse(Buffer.from(given).toString('utf8'));
  yield;
  const polygons = collection && buildPlaces(collection, { key: 'id' });
  const located = polygons?.kind === 'polygons';
  return { ...about, polygons: located ? polygons : null, geojson: located ? given : null };
}
