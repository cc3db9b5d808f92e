// A service that follows a real registry in a folder, and what tests do to both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundleFiles } from '../pipeline/contracts/bundle.ts';
import { writeBundle } from '../pipeline/registry/bundle-folder.ts';
import { folderRegistry } from '../pipeline/registry/folder.ts';
import { sealBundle } from '../pipeline/registry/manifest.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';
import { silent } from './log.ts';
import { monitorOf } from './monitor/monitor.ts';
import type { Follower } from './predictor/follow.ts';
import { Slots } from './predictor/slots.ts';
import { MODEL, type Sample, sampleOf } from './sample-service.testing.ts';
import { readServiceSettings } from './settings.ts';
import type { ReleasedSource } from './sources/released.ts';
import type { Source } from './sources/source.ts';
import { workspaceSource } from './sources/workspace.ts';
import { startModels } from './start-models.ts';
import { openState } from './state/state.ts';

export async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'serve-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A registry and a place for packs, as runs leave them. */
export function workspaceIn(root: string) {
  const at = paths(workspaceAt(root), MODEL);
  const registry = folderRegistry(at.registry, { model: MODEL, now: () => new Date() });
  return {
    root,
    registry,
    paths: at,
    source: (): Source => workspaceSource(root, () => registry),
    /** @returns the version's name */
    async register({ files, version }: Pick<Sample, 'files' | 'version'>): Promise<string> {
      const { model: _model, version: _version, digest: _digest, registered_at: _at, ...about } = version;
      return (await registry.register(files, about)).version;
    },
    async promote(version: string): Promise<void> {
      await registry.setAlias('champion', version, await registry.pointer('champion'));
    },
    publish: (pack: BundleFiles) => writeBundle(at.pack, pack),
  };
}

export interface ServiceOptions {
  source: Source | null;
  baked?: ReleasedSource | null;
  /** The folder of the state. */
  state?: string | null;
  env?: NodeJS.ProcessEnv;
  now?: () => Date;
}

/** The parts of a service that has started. It looks at its source when it is told to. */
export async function startService({
  source,
  baked = null,
  state: folder = null,
  ...options
}: ServiceOptions) {
  const { env = {}, now = () => new Date() } = options;
  const settings = readServiceSettings({ PERENNIAL_FOLLOW_SECONDS: '900', ...env });
  const slots = new Slots([MODEL]);
  const slot = slots.of(MODEL);
  const monitor = monitorOf({ processMetrics: false });
  const state = await openState(folder, { log: silent });
  const followers = await startModels({ slots, source, baked, state, monitor, settings, log: silent, now });
  const follower = followers.get(MODEL) as Follower;
  return {
    ...{ slots, slot, monitor, settings, state, followers, follower, now },
    served: () => slot.current?.model.version.version ?? null,
    /** As if n requests had come. */
    answer(n: number, { failed = false, ms = 1, key = (at: number) => `client ${at}` } = {}): void {
      for (let at = 0; at < n; at++) slot.observe(slot.choose(key(at)), { route: '/forecast', ms, failed });
    },
    swapsOf: () => state.swaps(MODEL).map(({ kind, result, to }) => `${kind} ${result} ${to}`),
    close: () => follower.close(),
  };
}

/** Bundles that differ, and their packs; made when they are asked for. */
export const samples = {
  get one(): Sample {
    first ??= sampleOf({ candidate: 'seasonal-naive' });
    return first;
  },
  get two(): Sample {
    second ??= sampleOf({ candidate: 'persistence' });
    return second;
  },
};
let first: Sample | undefined;
let second: Sample | undefined;

/** A bundle with one file changed, and sealed again: its bytes are those of its digest. */
export function resealed({ files, version }: Sample, change: (files: BundleFiles) => void): Sample {
  const copy = new Map([...files].filter(([path]) => path !== 'bundle.json'));
  change(copy);
  const { data_version, commit, train_end, candidate, is_baseline, hyperparameters } = version;
  const made = sealBundle(copy, {
    ...{ data_version, commit, train_end, candidate, is_baseline, hyperparameters },
    ...{ task: 'forecast', model: MODEL, created_at: train_end },
  });
  return { files: made.files, version: { ...version, digest: made.digest } } as Sample;
}
