import type { BundleFiles, BundleManifest } from '../../pipeline/contracts/bundle.ts';
import { CorruptError } from '../../pipeline/contracts/errors.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { GOLDEN_TOLERANCE, type ServedModel } from '../../pipeline/contracts/serving.ts';
import { verifyBundle } from '../../pipeline/registry/manifest.ts';
import { buildPlaces, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import { loadKind } from './kinds.ts';

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
  const { manifest } = verifyBundle(files, version.digest);
  const served = loadKind(manifest.task, files);
  const difference = served.warmUp();
  if (!(difference <= GOLDEN_TOLERANCE)) {
    throw new CorruptError(
      `${manifest.model} ${version.version} answers its warm-up requests otherwise than when it was made: off by ${difference.toPrecision(2)}, allowed are ${GOLDEN_TOLERANCE}`,
      { hint: 'serve it with the code that made it, or train it anew' },
    );
  }
  const geojson = files.get('places.geojson') ?? null;
  const polygons = geojson && buildPlaces(JSON.parse(Buffer.from(geojson).toString('utf8')), { key: 'id' });
  const located = polygons?.kind === 'polygons';
  return {
    name: manifest.model,
    version,
    manifest,
    served,
    polygons: located ? polygons : null,
    geojson: located ? geojson : null,
  };
}
