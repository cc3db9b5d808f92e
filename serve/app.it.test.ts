import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackForecasts } from '../pipeline/contracts/pack.ts';
import { writeBundle } from '../pipeline/registry/bundle-folder.ts';
import { folderRegistry } from '../pipeline/registry/folder.ts';
import { sealBundle } from '../pipeline/registry/manifest.ts';
import { about, sampleBundle } from '../pipeline/registry/sample-bundle.testing.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';
import { buildApp } from './app.ts';
import { exampleQuestion } from './predictor/example.ts';
import { loadPredictor } from './predictor/load.ts';

const MODEL = 'infections';
const LAST = '2026-06-30T00:00:00.000Z';

let root: string;
let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'serve-'));
  await leaveChampion(root);
  const predictor = await loadPredictor(root, MODEL);
  app = await buildApp({ predictor, now: () => new Date('2026-07-01T12:00:00Z') });
});
afterAll(async () => {
  await app.close();
  await rm(root, { recursive: true });
});

const ask = async (url: string) => {
  const response = await app.inject(url);
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    headers: response.headers,
    body: response.json(),
  };
};

describe('GET /forecast', () => {
  it('answers for the tract around the coordinates, with the age and the versions of what it knows', async () => {
    const { status, headers, body } = await ask('/forecast?lat=40.5&lon=-75.5');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'x-model-version': 'v0001', 'x-data-version': 'data-7' });
    expect(body).toMatchObject({
      model: MODEL,
      tract: { id: '001', name: 'West', found: 'inside its polygon' },
      // The newest day was filled, not observed.
      newest: { time: '2026-06-29T00:00:00.000Z', value: 41 },
      data: { last_time: LAST, age_days: 1.5, version: 'data-7' },
      version: { version: 'v0001', candidate: 'trees' },
    });
    expect(body.forecast.map(({ horizon }: { horizon: number }) => horizon)).toEqual([1, 2]);
  });

  it('answers for one horizon, and by the tract’s id', async () => {
    const { body } = await ask('/forecast?tract=002&horizon=2');
    expect(body.tract).toEqual({ id: '002', name: 'East', found: 'by its id' });
    expect(body.forecast).toEqual([
      { time: '2026-07-02T00:00:00.000Z', horizon: 2, point: 12, low: 8, high: 16 },
    ]);
  });

  it('gives a border to the smaller id', async () => {
    const { body } = await ask('/forecast?lat=40.5&lon=-75');
    expect(body.tract).toMatchObject({ id: '001', found: 'on its border' });
  });

  it('names the nearest tract and its distance at sea', async () => {
    const { status, type, body } = await ask('/forecast?lat=40.5&lon=-73');
    expect(status).toBe(404);
    expect(type).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: 'urn:perennial:problem:outside',
      nearest: { id: '002', name: 'East' },
    });
    // One degree of longitude at 40.5° north: 111.195 km × cos 40.5°.
    expect(body.nearest.distance_km).toBeCloseTo(84.55, 0);
  });

  it.each([
    ['lat=91&lon=0', 'out-of-range', 'latitude'],
    ['lat=-75.5&lon=40.5', 'swapped', 'exchanged'],
    ['lat=NaN&lon=1', 'question', 'lat'],
    ['lat=&lon=1', 'question', 'lat'],
    ['lat=40,5&lon=1', 'question', 'decimal degrees'],
    ['lat=1&lat=2&lon=3', 'question', 'one number'],
    ['lat=40.5', 'question', 'lon: is missing'],
    ['', 'question', 'lat: is missing; lon: is missing'],
    ['latitude=40.5&longitude=-75.5', 'question', 'latitude'],
    ['lat=40.5&lon=-75.5&horizon=3', 'horizon', 'there are 1, 2'],
    ['lat=40.5&lon=-75.5&horizon=1.5', 'question', 'whole number'],
  ])('refuses ?%s as a problem (%s)', async (query, kind, said) => {
    const { status, type, body } = await ask(`/forecast?${query}`);
    expect(status).toBe(400);
    expect(type).toContain('application/problem+json');
    expect(body).toMatchObject({ type: `urn:perennial:problem:${kind}`, status: 400 });
    expect(body.detail).toContain(said);
  });

  it('does not know every tract', async () => {
    const { status, body } = await ask('/forecast?tract=999');
    expect(status).toBe(404);
    expect(body.type).toBe('urn:perennial:problem:unknown-tract');
  });
});

it('shows at / a question that works', async () => {
  const { body } = await ask('/');
  expect(body.example).toBe('/forecast?lat=40.5&lon=-75.5');
  expect((await ask(body.example)).status).toBe(200);
});

it('asks by id where the coordinates in the data are not in the polygon', async () => {
  const predictor = await loadPredictor(root, MODEL);
  for (const tract of predictor.forecasts.tracts) tract.latitude = 10;
  expect(exampleQuestion(predictor)).toBe('/forecast?tract=001');
});

it('says at /health what it serves', async () => {
  expect((await ask('/health')).body).toMatchObject({
    status: 'ok',
    model_version: 'v0001',
    data_version: 'data-7',
  });
});

it('answers what is not served with a problem too', async () => {
  const { status, body } = await ask('/nothing?x=1');
  expect(status).toBe(404);
  expect(body.detail).toBe('GET /nothing is not served; GET / tells what is');
});

describe('loadPredictor', () => {
  it('sends one to `npm start` where there is no champion', async () => {
    await expect(loadPredictor(join(root, 'nowhere'), MODEL)).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('npm start'),
    });
  });

  it('never loads a forecast that is not what its manifest names', async () => {
    const other = await mkdtemp(join(tmpdir(), 'serve-'));
    try {
      await leaveChampion(other);
      await writeFile(join(paths(workspaceAt(other), MODEL).pack, 'forecasts.json'), '{}');
      await expect(loadPredictor(other, MODEL)).rejects.toMatchObject({ exitCode: 6 });
    } finally {
      await rm(other, { recursive: true });
    }
  });
});

/** What a run leaves behind: a registered champion with two square tracts, and a pack made by it. */
async function leaveChampion(workspace: string): Promise<void> {
  const at = paths(workspaceAt(workspace), MODEL);
  const sealed = sealBundle(
    new Map(
      [
        ...sampleBundle('x').files,
        [
          'places.geojson',
          json({ type: 'FeatureCollection', features: [square('001', -76), square('002', -75)] }),
        ],
      ].filter(([path]) => path !== 'bundle.json') as [string, Uint8Array][],
    ),
    {
      task: 'forecast',
      model: MODEL,
      train_end: about.train_end,
      created_at: about.train_end,
      data_version: about.data_version,
      commit: about.commit,
      candidate: about.candidate,
      is_baseline: false,
      hyperparameters: {},
    },
  );
  const registry = folderRegistry(at.registry, { model: MODEL, now: () => new Date(LAST) });
  const version = await registry.register(sealed.files, about);
  await registry.setAlias('champion', version.version, null);
  const forecasts = json(
    PackForecasts.parse({
      target: 'new_cases',
      last_time: LAST,
      tracts: [tract('001', 'West', -75.5, 40), tract('002', 'East', -74.5, 10)],
    }),
  );
  const files = new Map<string, Uint8Array>([['forecasts.json', forecasts]]);
  const sha256 = createHash('sha256').update(forecasts).digest('hex');
  files.set(
    'pack.json',
    json({
      format: 1,
      model: MODEL,
      published_at: LAST,
      last_time: LAST,
      data_version: 'data-7',
      snapshot: 'a'.repeat(64),
      bundle: version.digest,
      files: { 'forecasts.json': { sha256, bytes: forecasts.byteLength } },
    }),
  );
  await writeBundle(at.pack, files);
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** One degree wide and high, from 40° north. */
function square(id: string, west: number) {
  const [east, south, north] = [west + 1, 40, 41];
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return {
    type: 'Feature',
    properties: { id, name: id },
    geometry: { type: 'Polygon', coordinates: [ring] },
  };
}

function tract(id: string, name: string, longitude: number, level: number) {
  const forecast = (horizon: number) => ({
    time: `2026-07-0${horizon}T00:00:00.000Z`,
    horizon,
    point: level + horizon,
    low: level - 2 * (horizon - 1),
    high: level + 3 * horizon,
  });
  return {
    id,
    name,
    latitude: 40.5,
    longitude,
    recent: [
      { time: '2026-06-29T00:00:00.000Z', value: level + 1, observed: true },
      { time: LAST, value: level, observed: false },
    ],
    forecasts: [forecast(1), forecast(2)],
  };
}
