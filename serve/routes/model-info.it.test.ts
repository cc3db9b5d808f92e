import { afterAll, beforeAll, expect, it } from 'vitest';
import { RequestSchema } from '../../pipeline/contracts/serving.ts';
import { buildApp } from '../app.ts';
import { MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const sample = sampleOf();
let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(samplePartsOf(sample), { guards: false });
});
afterAll(() => app.close());

it('tells version, figures, lineage, history, and a request that works', async () => {
  const response = await app.inject(`/model_info?model=${MODEL}`);
  const body = response.json();
  expect(response.statusCode).toBe(200);
  expect(response.headers['x-model-version']).toBe('v0001');
  expect(body).toMatchObject({
    model: MODEL,
    version: 'v0001',
    digest: sample.version.digest,
    candidate: 'seasonal-naive',
    is_baseline: true,
    metrics: { wape: 0.15 },
    lineage: { commit: '0123abc', data_version: 'd'.repeat(32), mlflow_run: null, parent: null },
    observations: { data_version: 'data-120' },
    versions: ['v0001'],
    history: [],
  });
  const { example } = RequestSchema.parse(body.request);
  const payload = { rows: [example] };
  expect((await app.inject({ method: 'POST', url: '/predict', payload })).statusCode).toBe(200);
  expect((await app.inject('/model_info')).json()).toEqual(body);
});

it.each([
  ['?model=nobody', 404],
  ['?model=', 404],
  ['?model=__proto__', 404],
  ['?model=a&model=b', 400],
  ['?version=v0001', 400],
])('refuses %s', async (query, status) => {
  const response = await app.inject(`/model_info${query}`);
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toContain('application/problem+json');
});
