import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from './app.ts';
import { editionOf } from './predictor/edition.ts';
import { exampleQuestion } from './predictor/example.ts';
import { loadPack } from './predictor/pack.ts';
import { MODEL, sampleOf, samplePartsOf } from './sample-service.testing.ts';

const LAST = '2026-06-30T00:00:00.000Z';
const sample = sampleOf();
const parts = samplePartsOf(sample);

let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(parts);
});
afterAll(() => app.close());

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
    expect(headers).toMatchObject({ 'x-model-version': 'v0001', 'x-data-version': 'data-120' });
    expect(body).toMatchObject({
      model: MODEL,
      tract: { id: '001', name: 'West', found: 'inside its polygon' },
      newest: { time: LAST, value: 110 },
      data: { last_time: LAST, age_days: 1.5, version: 'data-120' },
      version: { version: 'v0001', candidate: 'seasonal-naive' },
    });
    expect(body.forecast.map(({ horizon }: { horizon: number }) => horizon)).toEqual([1, 2, 3]);
  });

  it('answers for one horizon, and by the tract’s id', async () => {
    const { body } = await ask('/forecast?tract=002&horizon=2');
    expect(body.tract).toEqual({ id: '002', name: 'East', found: 'by its id' });
    expect(body.forecast).toHaveLength(1);

    expect(body.forecast[0]).toMatchObject({ time: '2026-07-02T00:00:00.000Z', horizon: 2, point: 230 });
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
    ['lat=40.5&lon=-75.5&horizon=4', 'horizon', 'there are 1, 2, 3'],
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
  expect(body.example).toBe('/forecast?lat=40.5&lon=-74.5');
  expect((await ask(body.example)).status).toBe(200);
});

it('asks by id where the coordinates in the data are not in the polygon', () => {
  const edition = editionOf(parts.slots.of(MODEL).choose().model, loadPack(sample.pack));
  for (const tract of edition.forecasts!.tracts) tract.latitude = 10;
  expect(exampleQuestion(edition)).toBe('/forecast?tract=002');
});

it('says at /health what it serves', async () => {
  expect((await ask('/health')).body).toMatchObject({
    status: 'ok',
    model_version: 'v0001',
    data_version: 'data-120',
  });
});

it('answers what is not served with a problem too', async () => {
  const { status, body } = await ask('/nothing?x=1');
  expect(status).toBe(404);
  expect(body.detail).toBe('GET /nothing is not served; GET / tells what is');
});
