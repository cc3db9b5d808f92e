import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryContext, tree } from '../../../test/stage-context.ts';
import type { StageContext } from '../../context.ts';
import { TractsFile } from '../../contracts/observations.ts';
import { PackForecasts } from '../../contracts/pack.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { readJson, writeJson } from '../../files.ts';
import { folderRegistry } from '../../registry/folder.ts';
import { sealBundle } from '../../registry/manifest.ts';
import { verifyPack } from '../../registry/pack.ts';
import { about } from '../../registry/sample-bundle.testing.ts';
import { madePanel } from '../../tasks/forecast/made-panel.testing.ts';
import { baseline } from '../../tasks/forecast/predict/baselines.ts';
import { bundleJson } from '../../tasks/forecast/predict/bundle-json.ts';
import { loadServed } from '../../tasks/forecast/predict/served.ts';
import { withWarmUp } from '../../tasks/forecast/warm-up.ts';
import { features } from '../features/run.ts';
import { type SampleRow, writeObservations } from '../features/sample-observations.testing.ts';
import { publish } from './run.ts';

const DAYS = 80;
let context: StageContext;
let remove: () => Promise<void>;
let registry: Registry;
let version: RegisteredVersion;

beforeEach(async () => {
  ({ context, remove } = await temporaryContext({ source: { urls: ['x.csv'] } }));
  registry = folderRegistry(context.paths.registry, { model: 'm', now: () => new Date(0) });
  version = await registry.register(naive(), about);
  await mkdir(dirname(context.paths.observations), { recursive: true });
  await writeObservations(context.paths.observations, observations());
  await writeJson(context.paths.tracts, TractsFile, {
    target: 'new_cases',
    step: 'day',
    tracts: [
      { id: 'a', name: 'Alba', population: 30_000 },
      { id: 'b', name: 'Bra' },
    ],
  });
  await features(context);
});
afterEach(() => remove());

/** Both have ten cases a day; the portal tells the running total of the first one, which began before our data. */
function observations(): SampleRow[] {
  return Array.from({ length: DAYS }, (_, t) => {
    const time = new Date(Date.UTC(2026, 0, 1 + t)).toISOString().slice(0, 19).replace('T', ' ');
    return [
      { tract: 'a', time, new_cases: 10, total_cases: 5000 + 10 * (t + 1) },
      { tract: 'b', time, new_cases: 10 },
    ];
  }).flat();
}

function naive() {
  const horizon = { relative: 0.1, counting: 1, typical: 1, breadth: 1 };
  const offsets = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
  const files = new Map([
    ...bundleJson('spec.json', {
      format: 1,
      candidate: 'seasonal-naive',
      isBaseline: true,
      members: ['seasonal-naive'],
      weights: [[1], [1]],
      maxHorizon: 2,
      step: 'day',
      scale: 'count',
      target: 'new_cases',
      delay: 0,
      trainEnd: Date.UTC(2026, 1, 20),
    }),
    ...bundleJson('intervals.json', {
      scale: 'count',
      tracts: ['a', 'b'],
      tractScale: [1, 1],
      horizons: [horizon, horizon].map((one) => ({ ...one, offsets })),
      settledUntil: null,
    }),
    ...baseline({ name: 'seasonal-naive', season: 7, maxLead: 2 }).files(),
  ]);
  const warm = withWarmUp(files, madePanel({ tracts: 2, length: 50, value: () => 10 }));
  return sealBundle(warm, {
    ...{ task: 'forecast', model: 'm', created_at: about.train_end, train_end: about.train_end },
    ...{ data_version: about.data_version, commit: about.commit, candidate: 'seasonal-naive' },
    ...{ is_baseline: true, hyperparameters: {} },
  }).files;
}

const snapshot = { collected_at: '2026-03-21T00:00:00.000Z', sha256: 'a'.repeat(64), files: [] };
const run = (of: Registry = registry) =>
  publish(context, { registry: of, version, snapshot, dataVersion: 'd'.repeat(32) });

describe('publish', () => {
  it('leaves one and the same pack in the registry and in artifacts, which the service reads', async () => {
    expect(await run()).toHaveLength(4);
    const { id, files } = (await registry.newestPack(null))!;
    expect(verifyPack(files).manifest.bundle).toBe(version.digest);
    expect(Object.keys(await tree(context.paths.pack))).toEqual([...files.keys()].sort());
    for (const [path, bytes] of files)
      expect(await readFile(join(context.paths.pack, path))).toEqual(Buffer.from(bytes));
    expect(await registry.newestPack(id)).toBeNull();

    const forecasts = await readJson(join(context.paths.pack, 'forecasts.json'), PackForecasts);
    const served = loadServed(await registry.bundle(version.version));
    expect(served.forecastPack!(files)).toEqual(forecasts);
  });

  it('tells the portal’s running total where it has one, else the sum of what it published', async () => {
    await run();
    const pack = await readJson(join(context.paths.pack, 'forecasts.json'), PackForecasts);
    expect(pack?.tracts).toMatchObject([
      { id: 'a', population: 30_000, total: { value: 5800, from: 'published' } },
      { id: 'b', total: { value: 800, from: 'summed' } },
    ]);
    expect(pack?.tracts[0].total?.time).toBe(pack?.last_time);
  });

  it('is not done where the registry did not take the pack: the next run publishes it', async () => {
    const away: Registry = { ...registry, publishPack: () => Promise.reject(new Error('away')) };
    await expect(run(away)).rejects.toThrow('away');
    expect(existsSync(context.paths.pack)).toBe(false);
  });
});
