import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { loadModel } from '../predictor/model.ts';
import { loadPack } from '../predictor/pack.ts';
import { HORIZONS, MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const LAST = '2026-06-30T00:00:00.000Z';
/** Of a square of one degree from 40 to 41 north. */
const SQUARE_KM2 =
  6371.0088 ** 2 * (Math.PI / 180) * (Math.sin((41 * Math.PI) / 180) - Math.sin((40 * Math.PI) / 180));

const sample = sampleOf({ tracts: 3 });
const parts = samplePartsOf(sample);
// West and East have people, the third tract's number is not known.
const pack = loadPack(sample.pack);
pack.forecasts.tracts.forEach((tract, at) => {
  if (at === 2) delete tract.population;
  else tract.population = 10_000 * (at + 1);
  tract.total = { value: 1_000_000 * (at + 1), time: LAST, from: 'published' };
});
parts.slots.of(MODEL).swap({ model: loadModel(sample.files, sample.version), pack });

let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(parts);
});
afterAll(() => app.close());

const ask = async (query: string) => {
  const response = await app.inject(`/statistics?${query}`);
  return { status: response.statusCode, headers: response.headers, body: response.json() };
};

describe('a circle', () => {
  it('within one tract counts it by its share of the tract’s area', async () => {
    const { status, headers, body } = await ask('lat=40.5&lon=-75.5&radius_km=10');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'x-model-version': 'v0001', 'x-data-version': 'data-120' });
    const share = (Math.PI * 10 ** 2) / SQUARE_KM2;
    expect(body.tracts).toMatchObject([
      {
        id: '001',
        name: 'West',
        share: expect.closeTo(share, 5),
        distance_km: 0,
        population: 10_000,
        total: { value: 1_000_000, from: 'published' },
        newest: { time: LAST, value: 110 },
        // A week of 110, 115, 120, 110, 100, 80, 65.
        last_7_days: { value: 700, observed: 7, steps: 7 },
      },
    ]);
    expect(body.tracts[0].forecast).toHaveLength(HORIZONS);
    expect(body.newest.value).toBeCloseTo(110 * share, 3);
    expect(body.newest.per_100k).toBe(1_100);
    expect(body.last_7_days.per_100k).toBe(7_000);
    expect(body.population).toEqual({ value: expect.closeTo(10_000 * share, 2), tracts_known: 1, tracts: 1 });
    expect(body.method).toContain('part of its area');
  });

  it('on a border adds both halves', async () => {
    const { body } = await ask('lat=40.5&lon=-75&radius_km=20');
    const half = (Math.PI * 20 ** 2) / 2 / SQUARE_KM2;
    expect(body.tracts.map(({ id, distance_km }: Record<string, unknown>) => [id, distance_km])).toEqual([
      ['001', 0],
      ['002', 0],
    ]);
    for (const { share } of body.tracts) expect(share).toBeCloseTo(half, 4);
    const [first] = body.forecast;
    expect(first.point).toBeCloseTo(half * (120 + 240), 1);
    // 360 cases times the same share among 30,000 people times the same share.
    expect(first.per_100k).toBeCloseTo((360 / 30_000) * 100_000, 0);
    expect(first.low < first.point && first.point < first.high).toBe(true);
  });

  it('of the earth holds everything with a share of 1, per 100,000 of those whose people are known', async () => {
    for (const radius of ['20016', '20040']) {
      const { body } = await ask(`lat=-33&lon=151&radius_km=${radius}`);
      expect(body.tracts.map(({ share }: { share: number }) => share)).toEqual([1, 1, 1]);
      expect(body.newest.value).toBe(660);
      expect(body.total).toEqual({ value: 6_000_000, per_100k: 10_000_000 });
      expect(body.newest.per_100k).toBe(1_100); // 330 among 30,000
      expect(body.population).toEqual({ value: 30_000, tracts_known: 2, tracts: 3 });
      expect(body.tracts[2].population).toBeNull();
    }
  });

  it('where nobody’s number is known tells cases alone', async () => {
    const { body } = await ask('lat=40.5&lon=-73.5&radius_km=10');
    expect(body.newest.value).toBeGreaterThan(0);
    expect([body.newest.per_100k, body.total.per_100k, body.population.value]).toEqual([null, null, null]);
  });

  it('of radius 0 is the whole tract of the point', async () => {
    const { body } = await ask('lat=40.5&lon=-75.5&radius_km=0');
    expect(body.tracts).toMatchObject([{ id: '001', share: 1, distance_km: 0 }]);
    expect(body.newest.value).toBe(110);
    expect(body.method).toContain('radius of 0');
  });

  it('tells the distance to a tract’s nearest point, and one horizon where one is asked for', async () => {
    const { body } = await ask('lat=40.5&lon=-75.5&radius_km=60&horizon=2');
    const [west, east] = body.tracts;
    expect(west.distance_km).toBe(0);
    expect(east.distance_km).toBeCloseTo(0.5 * 111.195 * Math.cos((40.5 * Math.PI) / 180), 0);
    expect(east.forecast.map(({ horizon }: { horizon: number }) => horizon)).toEqual([2]);
    expect(body.forecast).toHaveLength(1);
  });

  it('at sea is 404 with the nearest tract, unless it reaches one', async () => {
    const { status, body } = await ask('lat=40.5&lon=-72&radius_km=80');
    expect(status).toBe(404);
    expect(body.nearest).toMatchObject({ id: '003', distance_km: expect.closeTo(84.55, 0) });
    const reaching = await ask('lat=40.5&lon=-72&radius_km=90');
    expect(reaching.body.tracts).toMatchObject([{ id: '003', distance_km: expect.closeTo(84.55, 0) }]);
    expect((await ask('lat=40.5&lon=-72&radius_km=0')).status).toBe(404);
  });
});

describe('a question that cannot be meant', () => {
  it.each([
    ['lat=40.5&lon=-75.5&radius_km=-1', 'radius_km', '"-1"', 'from 0'],
    ['lat=40.5&lon=-75.5&radius_km=20041', 'radius_km', '"20041"', 'to 20040'],
    ['lat=40.5&lon=-75.5&radius_km=1e999', 'radius_km', '"1e999"', 'kilometres'],
    ['lat=40.5&lon=-75.5&radius_km=NaN', 'radius_km', '"NaN"', 'kilometres'],
    ['lat=40.5&lon=-75.5&radius_km=', 'radius_km', '""', 'kilometres'],
    ['lat=40.5&lon=-75.5&radius_km=1&radius_km=2', 'radius_km', 'an array of 2', 'kilometres'],
    ['lat=40.5&lon=-75.5', 'radius_km', null, 'kilometres'],
    ['lat=91&lon=-75.5&radius_km=1', 'lat', '91', 'from −90 to 90'],
    ['lat=40.5&lon=-75.5&radius_km=1&horizon=9', 'horizon', '9', '1, 2, 3'],
    ['lat=40.5&lon=-75.5&radius_km=1&tract=001', 'tract', '"001"', 'the parameters lat, lon, radius_km'],
  ])('?%s', async (query, field, value, allowed) => {
    const { status, body } = await ask(query);
    expect(status).toBe(400);
    const error = body.errors.find((one: { field: string }) => one.field === field);
    if (value === null) expect(error.value).toBeNull();
    else expect(error.value).toContain(value);
    expect(error.allowed).toContain(allowed);
  });
});

it('answers for all of 250 tracts, where the circle is the earth', async () => {
  const own = await buildApp(samplePartsOf(sampleOf({ tracts: 250, days: 60 })));
  const response = await own.inject('/statistics?lat=40.5&lon=0&radius_km=20040');
  expect(response.statusCode).toBe(200);
  expect(response.json().tracts).toHaveLength(250);
  await own.close();
});
