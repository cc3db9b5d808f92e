import type { BundleFiles } from '../contracts/bundle.ts';
import type { RegisteredVersion } from '../contracts/registry.ts';
import { sealBundle } from './manifest.ts';
import { sealPack } from './pack.ts';

/** What tests tell a registry of a bundle. */
export const about: Omit<RegisteredVersion, 'version' | 'digest' | 'registered_at' | 'model'> = {
  metrics: { wape: 0.15, wis: null },
  hyperparameters: { units: 32, blend: 'lstm+trees', calibrated: true },
  commit: '0123abc',
  data_version: 'd'.repeat(32),
  run: null,
  parent: null,
  train_end: '2026-01-31T00:00:00.000Z',
  candidate: 'trees',
  is_baseline: false,
};

/** A small bundle that differs by its content. */
export function sampleBundle(content: string): { files: BundleFiles; digest: string } {
  const files = new Map<string, Uint8Array>([
    ['model/weights.bin', Buffer.from(content.repeat(100))],
    ['schema.json', Buffer.from('{"horizons":[1,7]}')],
  ]);
  return sealBundle(files, {
    task: 'forecast',
    model: 'infections',
    train_end: about.train_end,
    created_at: '2026-02-01T00:00:00.000Z',
    data_version: about.data_version,
    commit: about.commit,
    candidate: about.candidate,
    is_baseline: about.is_baseline,
    hyperparameters: about.hyperparameters,
  });
}

/** A small observation pack that differs by its content.
 *  @param bundle digest of the one that forecast it */
export function samplePack(content: string, bundle: string | null = null): BundleFiles {
  const files = new Map<string, Uint8Array>([
    ['forecasts.json', Buffer.from(JSON.stringify({ content }))],
    ['windows.f64.gz', Buffer.from(content.repeat(100))],
  ]);
  return sealPack(files, {
    model: 'infections',
    published_at: '2026-02-02T08:00:00.000Z',
    last_time: '2026-02-01T00:00:00.000Z',
    data_version: about.data_version,
    snapshot: 'a'.repeat(64),
    bundle,
  });
}
