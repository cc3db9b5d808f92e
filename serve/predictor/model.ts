import type { BundleFiles, BundleManifest } from '../../pipeline/contracts/bundle.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import type { ServedModel } from '../../pipeline/contracts/serving.ts';
import { verifyBundle } from '../../pipeline/registry/manifest.ts';
import { verifyAnswers } from '../../pipeline/registry/verify-answers.ts';
import type { Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import { placesInTurns } from '../../pipeline/tasks/forecast/predict/places-in-turns.ts';
import { drained, inTurns, type Turns } from '../../pipeline/tasks/forecast/predict/turns.ts';
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
  return drained(opening(files, { version, manifest, before: null }));
}

/** The same for a bundle that was verified, by a service that answers meanwhile.
 *  @param about.before what is served: polygons that are the same are shared
 *  @param turn as of `inTurns` */
export function openModelInTurns(
  files: BundleFiles,
  about: { version: RegisteredVersion; manifest: BundleManifest; before: LoadedModel | null },
  turn: () => Promise<void>,
): Promise<LoadedModel> {
  return inTurns(opening(files, about), turn);
}

function* opening(
  files: BundleFiles,
  { version, manifest, before }: Parameters<typeof openModelInTurns>[1],
): Turns<LoadedModel> {
  const served = loadKind(manifest.task, files);
  yield;
  verifyAnswers(served.warmUp(), { model: manifest.model, version: version.version });
  yield;
  const about = { name: manifest.model, version, manifest, served };
  const given = files.get('places.geojson') ?? null;
  if (!given) return { ...about, polygons: null, geojson: null };
  if (before?.geojson && Buffer.compare(given, before.geojson) === 0)
    return { ...about, polygons: before.polygons, geojson: before.geojson };
  const polygons = yield* placesInTurns(given, { key: 'id' });
  const located = polygons.kind === 'polygons';
  return { ...about, polygons: located ? polygons : null, geojson: located ? given : null };
}
