import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { editionOf } from '../predictor/edition.ts';
import { loadModel } from '../predictor/model.ts';
import { loadPack } from '../predictor/pack.ts';
import { tractAnswers } from '../predictor/tract-answers.ts';
import { MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const LAST = '2026-06-30T00:00:00.000Z';
const sample = sampleOf();
let now = new Date('2026-07-01T12:00:00Z');
const parts = samplePartsOf(sample, { now: () => now });

let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(parts);
});
afterAll(() => app.close());

const ask = async (query: string) => {
  const response = await app.inject(`/forecast?${query}`);
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    headers: response.headers,
    text: response.body,
    body: response.json(),
  };
};

describe('an answer', () => {
  it('has the tract, its newest value and forecast, the ages and the versions of what it knows', async () => {
    const { status, type, headers, body } = await ask('lat=40.5&lon=-75.5');
    expect(status).toBe(200);
    expect(type).toBe('application/json; charset=utf-8');
    expect(headers).toMatchObject({ 'x-model-version': 'v0001', 'x-data-version': 'data-120' });
    expect(body).toMatchObject({
      model: MODEL,
      tract: { id: '001', name: 'West', found: 'inside its polygon', how: 'inside' },
      target: 'new_cases',
      newest: { time: LAST, value: 110 },
      interval: 0.9,
      data: {
        last_time: LAST,
        published_at: LAST,
        age_days: 1.5,
        published_age_days: 1.5,
        version: 'data-120',
      },
      version: { version: 'v0001', candidate: 'seasonal-naive', is_baseline: true },
    });
    expect(body.forecast.map(({ horizon }: { horizon: number }) => horizon)).toEqual([1, 2, 3]);
    for (const { low, point, high } of body.forecast) expect(low < point && point < high).toBe(true);
    expect(body).toHaveProperty('total');
    expect(body).toHaveProperty('out_of_training_range');
  });

  it('may be of one horizon, by the tract’s id, on a border, of a named model', async () => {
    const { body } = await ask('tract=002&horizon=2');
    expect(body.tract).toEqual({ id: '002', name: 'East', found: 'by its id', how: 'id' });
    expect(body.forecast).toMatchObject([{ time: '2026-07-02T00:00:00.000Z', horizon: 2, point: 230 }]);
    expect((await ask('lat=40.5&lon=-75')).body.tract).toMatchObject({ id: '001', how: 'border' });
    expect((await ask(`tract=002&model=${MODEL}`)).status).toBe(200);
  });

  it('says that its age grows', async () => {
    const before = await ask('tract=001');
    now = new Date('2026-07-03T00:00:20Z');
    const after = await ask('tract=001');
    now = new Date('2026-07-01T12:00:00Z');
    expect([before.body.data.age_days, after.body.data.age_days]).toEqual([1.5, 3]);
    expect((await ask('tract=001')).text).toBe(before.text);
  });

  it.each(['Graz', 'Forlì–Cesena', '東京都 🏥'])('is whole where the tract is called %s', async (name) => {
    const pack = loadPack(sample.pack);
    const [tract] = pack.forecasts.tracts;
    const others = samplePartsOf(sample, { now: () => now });
    others.slots.of(MODEL).swap({
      model: loadModel(sample.files, sample.version),
      pack: { ...pack, forecasts: { ...pack.forecasts, tracts: [{ ...tract, name }] } },
    });
    const served = await buildApp(others);
    try {
      const address = await served.listen({ host: '127.0.0.1', port: 0 });
      // Twice: over the same connection, where a length that is wrong would spoil the second one.
      for (let n = 0; n < 2; n++) {
        const answer = await fetch(`${address}/forecast?tract=${tract.id}`);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        expect(answer.headers.get('content-length')).toBe(String(bytes.length));
        expect(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).tract.name).toBe(name);
      }
    } finally {
      await served.close();
    }
  });

  it('promises no more than five digits', async () => {
    const pack = loadPack(sample.pack);
    const [tract] = pack.forecasts.tracts;
    tract.forecasts[0] = { ...tract.forecasts[0], point: 123_456.789, low: 0.123_456_7, high: 1e-9 };
    tract.total = { value: 1_234_567, time: LAST, from: 'published' };
    const edition = editionOf(loadModel(sample.files, sample.version), pack);
    const { text } = tractAnswers(edition).to({ tract: tract.id }).answer.ready('id', 1, now.getTime());
    expect(JSON.parse(text)).toMatchObject({
      forecast: [{ point: 123_460, low: 0.12346, high: 1e-9 }],
      total: { value: 1_234_567, time: LAST, from: 'published' },
    });
  });
});

describe('a question that cannot be meant', () => {
  it.each([
    ['lat=91&lon=0', 'out-of-range', 'lat', '91', 'from −90 to 90'],
    ['lat=0&lon=-180.5', 'out-of-range', 'lon', '-180.5', 'from −180 to 180'],
    ['lat=NaN&lon=1', 'question', 'lat', '"NaN"', 'decimal degrees'],
    ['lat=1e999&lon=1', 'question', 'lat', '"1e999"', 'decimal degrees'],
    ['lat=Infinity&lon=1', 'question', 'lat', '"Infinity"', 'decimal degrees'],
    ['lat=0x10&lon=1', 'question', 'lat', '"0x10"', 'decimal degrees'],
    ['lat=&lon=1', 'question', 'lat', '""', 'decimal degrees'],
    ['lat=%20&lon=1', 'question', 'lat', '" "', 'decimal degrees'],
    ['lat=40,5&lon=1', 'question', 'lat', '"40,5"', 'decimal degrees'],
    ['lat=1&lat=2&lon=3', 'question', 'lat', 'an array of 2', 'decimal degrees'],
    ['lat=40.5', 'question', 'lon', null, 'from −180 to 180'],
    ['lat[]=40.5&lon=-75.5', 'question', 'lat[]', '"40.5"', 'the parameters lat, lon'],
    ['latitude=40.5&longitude=-75.5', 'question', 'latitude', '"40.5"', 'the parameters lat, lon'],
    ['lat=40.5&lon=-75.5&__proto__=1', 'question', '__proto__', '"1"', 'the parameters lat, lon'],
    ['lat=40.5&lon=-75.5&horizon=4', 'horizon', 'horizon', '4', '1, 2, 3'],
    ['lat=40.5&lon=-75.5&horizon=0', 'question', 'horizon', '"0"', '1 or more'],
    ['lat=40.5&lon=-75.5&horizon=1.5', 'question', 'horizon', '"1.5"', 'whole number'],
    ['lat=40.5&lon=-75.5&horizon=-1', 'question', 'horizon', '"-1"', 'whole number'],
    ['lat=40.5&lon=-75.5&tract=001', 'question', 'lat', '"40.5"', 'decimal degrees'],
    [`tract=${'x'.repeat(300)}`, 'question', 'tract', 'x', 'tract’s id'],
  ])(
    '?%s: a problem (%s) that names field, value and what is allowed',
    async (query, kind, field, value, allowed) => {
      const { status, type, headers, body } = await ask(query);
      expect(status).toBe(400);
      expect(type).toContain('application/problem+json');
      expect(headers['x-model-version']).toBe('v0001');
      expect(body).toMatchObject({ type: `urn:perennial:problem:${kind}`, status: 400 });
      const error = body.errors.find((one: { field: string }) => one.field === field);
      if (value === null) expect(error.value).toBeNull();
      else expect(error.value).toContain(value);
      expect(error.allowed).toContain(allowed);
      expect(body.detail.length).toBeLessThan(600);
    },
  );

  it('with nothing at all names both that are missing', async () => {
    const { body } = await ask('');
    expect(body.errors.map(({ field, detail }: Record<string, string>) => [field, detail])).toEqual([
      ['lat', 'is missing'],
      ['lon', 'is missing'],
    ]);
  });

  it('exchanged coordinates are told how they are meant', async () => {
    const { status, body } = await ask('lat=-75.5&lon=40.5');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: 'urn:perennial:problem:swapped',
      hint: 'ask for latitude 40.5, longitude -75.5',
    });
    expect(body.errors).toHaveLength(2);
  });

  it('asks for what is not known', async () => {
    expect((await ask('tract=999')).body).toMatchObject({
      status: 404,
      type: 'urn:perennial:problem:unknown-tract',
    });
    expect((await ask('tract=001&model=other')).body).toMatchObject({
      status: 404,
      type: 'urn:perennial:problem:unknown-model',
    });
    expect((await ask('tract=__proto__')).status).toBe(404);
  });
});

describe('a place without a tract', () => {
  it.each([
    // One degree of longitude at 40.5° north: 111.195 km × cos 40.5°, less what a great circle saves.
    ['at sea', 40.5, -73, '002', 84.55],
    ['with minus zero', '-0', '-0', '002', 8_652],
    ['at the North Pole', 90, 0, '001', 49 * 111.195],
    ['at the South Pole', -90, 180, '001', 130 * 111.195],
    ['on the antimeridian', 40.5, 180, '001', 8_300],
    ['on its other name', 40.5, -180, '001', 8_300],
  ])('%s: 404 with the nearest one and how far it is', async (_, lat, lon, id, km) => {
    const { status, type, body } = await ask(`lat=${lat}&lon=${lon}`);
    expect(status).toBe(404);
    expect(type).toContain('application/problem+json');
    expect(body).toMatchObject({ type: 'urn:perennial:problem:outside', nearest: { id } });
    expect(Math.abs(body.nearest.distance_km / km - 1)).toBeLessThan(0.02);
  });

  it('is the same at both names of the antimeridian', async () => {
    const [east, west] = await Promise.all(['180', '-180'].map((lon) => ask(`lat=40.5&lon=${lon}`)));
    expect(east.body.nearest).toEqual(west.body.nearest);
  });
});

it('counts what it answered, and not what it refused', async () => {
  const fresh = samplePartsOf(sample);
  const own = await buildApp(fresh);
  await own.inject('/forecast?tract=001');
  await own.inject('/forecast?tract=002&horizon=2');
  await own.inject('/forecast?lat=91&lon=1');
  const text = await fresh.monitor.registry.metrics();
  expect(text).toContain(`perennial_predictions_total{model="${MODEL}",version="v0001"} 2`);
  expect(text).toContain(`perennial_model_requests_total{model="${MODEL}"} 2`);
  expect(text).toContain(`perennial_prediction_value_sum{model="${MODEL}",version="v0001"} ${120 + 230}`);
  await own.close();
});
