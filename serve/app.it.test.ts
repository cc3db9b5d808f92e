import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildApp } from './app.ts';
import { editionOf } from './predictor/edition.ts';
import { exampleQuestion } from './predictor/example.ts';
import { loadPack } from './predictor/pack.ts';
import { MODEL, sampleOf, samplePartsOf } from './sample-service.testing.ts';

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

it('tells at /health/ready since when what it follows has been away', async () => {
  const slot = parts.slots.of(MODEL);
  expect((await ask('/health/ready')).body.models[MODEL].followed).toBeNull();
  const [lastSuccess, since] = [new Date('2026-07-01T11:00:00Z'), new Date('2026-07-01T11:01:00Z')];
  slot.following = {
    where: 'https://inside.example',
    lastSuccess,
    failing: { since, reason: 'a secret host' },
  };
  const { status, body } = await ask('/health/ready');
  slot.following = null;
  expect(status).toBe(200);
  expect(body.models[MODEL].followed).toEqual({
    last_success: '2026-07-01T11:00:00.000Z',
    failing_since: '2026-07-01T11:01:00.000Z',
  });
});

it('answers what is not served with a problem too', async () => {
  const { status, body } = await ask('/nothing?x=1');
  expect(status).toBe(404);
  expect(body.detail).toBe('GET /nothing is not served; GET / tells what is');
});
