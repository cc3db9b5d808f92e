import { watch } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import { resealed, samples, temporaryFolder } from '../following.testing.ts';
import { MODEL, type Sample, square } from '../sample-service.testing.ts';
import { releaseInto, type ServiceProcess, startServiceProcess } from '../service-process.testing.ts';
import { AttemptsFile } from './records.ts';

type Followed = { sample: Sample; released: string };
let base: Awaited<ReturnType<typeof temporaryFolder>>;
let baked: string;
let huge: Followed;
let good: Followed;
let service: ServiceProcess | null = null;

beforeAll(async () => {
  base = await temporaryFolder();
  const released = async (name: string, sample: Sample) => {
    await mkdir(join(base.folder, name));
    return releaseInto(join(base.folder, name), sample);
  };
  const withPlaces = async (name: string, places: (given: Uint8Array) => string): Promise<Followed> => {
    const { files, version } = resealed(samples.two, (all: BundleFiles) =>
      all.set('places.geojson', Buffer.from(places(all.get('places.geojson')!))),
    );
    const sample = { ...samples.one, files, version: { ...version, version: 'v0002' } };
    return { sample, released: await released(name, sample) };
  };
  baked = await released('image', samples.one);
  // Three bytes each in the file, fifty and more in memory.
  huge = await withPlaces('huge', () => `{"features":[${'{},'.repeat(4_000_000)}{}]}`);
  good = await withPlaces('good', withMore);
});
afterEach(() => service?.kill());
afterAll(() => base.remove());

const start = (followed: Followed, { state, heapMb }: { state: string; heapMb: number }) =>
  startServiceProcess(baked, {
    NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
    // A busy machine is no busy service.
    PERENNIAL_MAX_EVENT_LOOP_DELAY_MS: '60000',
    PERENNIAL_FOLLOW: followed.released,
    PERENNIAL_FOLLOW_SECONDS: '0.2',
    PERENNIAL_STATE: join(base.folder, state),
  });

const attempts = async (name: string) =>
  AttemptsFile.parse(JSON.parse(await readFile(join(base.folder, name, 'attempts.json'), 'utf8'))).attempts;

it('a bundle that needs more memory than there is kills the service twice; then what was served before is served', async () => {
  const { version, digest } = huge.sample.version;
  const options = { state: 'memory', heapMb: 100 };
  for (const deaths of [0, 1]) {
    // It may answer for a moment before.
    service = await start(huge, options).catch(() => null);
    await service?.ended;
    expect(await attempts('memory')).toMatchObject([{ version, digest, deaths, phase: 'loading' }]);
  }
  service = await start(huge, options);
  const info = (await (await fetch(`${service.url}/model_info`)).json()) as Record<string, unknown>;
  expect(info.version).toBe('v0001');
  expect(info.history).toMatchObject([
    { kind: 'bundle', result: 'refused', to: version, reason: expect.stringContaining('died 2 times') },
  ]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(new RegExp(`swaps_total\\{model="${MODEL}",kind="bundle",result="refused"\\} 1`));
  service.terminate();
  expect(await service.ended).toBe(0);
  expect(await attempts('memory')).toEqual([]);
}, 300_000);

it('a good bundle whose load was cut off by a SIGKILL is served at the next start', async () => {
  const options = { state: 'power', heapMb: 1000 };
  const folder = join(base.folder, options.state);
  await mkdir(folder);
  const ended = new AbortController();
  const watcher = watch(folder, { signal: ended.signal });
  watcher.on('change', async (_, file) => {
    if (file !== 'attempts.json') return;
    const begun = (await attempts(options.state).catch(() => [])).find((one) => one.version === 'v0002');
    if (begun?.process && !ended.signal.aborted) process.kill(Number.parseInt(begun.process, 10), 'SIGKILL');
  });
  service = await start(good, options).catch(() => null);
  await service?.ended;
  ended.abort();
  expect(await attempts(options.state)).toMatchObject([{ version: 'v0002', deaths: 0 }]);
  service = await start(good, options);
  for (let served = ''; served !== 'v0002'; await wait(20)) {
    const answer = await fetch(`${service.url}/model_info`);
    served = answer.headers.get('x-model-version') ?? '';
    await answer.arrayBuffer();
  }
  expect(await attempts(options.state)).toMatchObject([{ version: 'v0002', deaths: 1, phase: 'trial' }]);
}, 300_000);

/** Small squares beside the tracts' own: reading them takes its time. */
function withMore(given: Uint8Array): string {
  const { type, features } = JSON.parse(Buffer.from(given).toString('utf8'));
  const more = Array.from({ length: 10_000 }, (_, at) =>
    square(`more ${at}`, {
      west: -170 + (at % 100) * 0.1,
      south: -80 + Math.floor(at / 100) * 0.1,
      side: 0.05,
    }),
  );
  return JSON.stringify({ type, features: [...features, ...more] });
}
