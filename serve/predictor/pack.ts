import { createHash } from 'node:crypto';
import { type BundleFiles, PackManifest } from '../../pipeline/contracts/bundle.ts';
import { CorruptError } from '../../pipeline/contracts/errors.ts';
import { PackForecasts } from '../../pipeline/contracts/pack.ts';

/** An observation pack that was verified. Immutable. */
export interface LoadedPack {
  manifest: PackManifest;
  /** SHA-256 of `pack.json`: its name. */
  id: string;
  /** As the model named in the manifest made them. */
  forecasts: PackForecasts;
  files: BundleFiles;
}

/** @throws CorruptError naming the file that is missing or not what the manifest says */
export function loadPack(files: BundleFiles): LoadedPack {
  const bytes = files.get('pack.json');
  if (!bytes) throw corrupt('pack.json', 'is missing');
  const manifest = parsed('pack.json', bytes, PackManifest);
  for (const [name, { sha256: expected }] of Object.entries(manifest.files)) {
    const found = files.get(name);
    if (!found) throw corrupt(name, 'is missing');
    if (sha256(found) !== expected) throw corrupt(name, 'is not the file its manifest names');
  }
  const forecasts = files.get('forecasts.json');
  if (!forecasts) throw corrupt('forecasts.json', 'is missing');
  return {
    manifest,
    id: sha256(bytes),
    forecasts: parsed('forecasts.json', forecasts, PackForecasts),
    files,
  };
}

function parsed<T>(name: string, bytes: Uint8Array, schema: { parse(value: unknown): T }): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw corrupt(name, 'cannot be read', cause);
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function corrupt(name: string, what: string, cause?: unknown): CorruptError {
  return new CorruptError(`the observation pack's ${name} ${what}`, {
    cause,
    hint: 'the next run publishes a new one; the one before stays served',
  });
}
