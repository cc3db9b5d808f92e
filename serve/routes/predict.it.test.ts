import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { HORIZONS, MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const parts = samplePartsOf(sampleOf(), { env: { PERENNIAL_MAX_ROWS: '50', PERENNIAL_RATE_LIMIT: '0' } });
let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(parts, { guards: false });
});
afterAll(() => app.close());

/** The week of the sample's tract 001: a seasonal naive forecast repeats it. */
const week = [110, 115, 120, 110, 100, 80, 65];
const row = { tract: '001', time: '2026-06-30', values: [...week, ...week, ...week] };

async function predict(payload: unknown, headers: Record<string, string> = {}) {
  const response = await app.inject({
    method: 'POST',
    url: '/predict',
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
}
const counted = async (name: string) => {
  const metric = await parts.monitor.registry.getSingleMetric(name)!.get();
  return metric.values.reduce((sum, { value }) => sum + value, 0);
};

describe('POST /predict', () => {
  it('answers a row through the model', async () => {
    const { status, headers, body } = await predict({ rows: [row] }, { 'x-request-id': 'asked-1' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'x-model-version': 'v0001', 'x-request-id': 'asked-1' });
    expect(body).toMatchObject({ id: 'asked-1', model: MODEL, version: 'v0001' });
    const [{ outputs, out_of_range }] = body.predictions;
    expect(outputs.point.map(Math.round)).toEqual(week.slice(0, HORIZONS));
    expect(outputs.time).toEqual(
      ['2026-07-01', '2026-07-02', '2026-07-03'].map((day) => `${day}T00:00:00.000Z`),
    );
    expect(outputs.low[0]).toBeLessThan(outputs.point[0]);
    expect(out_of_range).toEqual([]);
  });

  it('answers as many rows as it was given, each as if it were alone', async () => {
    const rows = Array.from({ length: 50 }, (_, k) => ({
      ...row,
      tract: k % 2 === 0 ? '001' : '002',
      values: row.values.map((value) => value * (k + 1)),
    }));
    const { body } = await predict({ model: MODEL, rows });
    expect(body.predictions).toHaveLength(50);
    expect(body.predictions[7].outputs.point[0]).toBeCloseTo(8 * 110, 9);
    const alone = await predict({ rows: [rows[31]] });
    expect(body.predictions[31]).toEqual(alone.body.predictions[0]);
  });

  it('counts requests, rows, values and what the model has not learnt from', async () => {
    const before = await Promise.all(
      ['model_requests_total', 'out_of_range_requests_total', 'predictions_total'].map((name) =>
        counted(`perennial_${name}`),
      ),
    );
    const far = { ...row, time: '2029-06-30' };
    const { body } = await predict({ rows: [row, far] });
    expect(body.predictions.map((one: { out_of_range: string[] }) => one.out_of_range)).toEqual([
      [],
      ['time'],
    ]);
    await predict({ rows: [row] });
    expect(await counted('perennial_model_requests_total')).toBe(before[0] + 2);
    expect(await counted('perennial_out_of_range_requests_total')).toBe(before[1] + 1);
    expect(await counted('perennial_predictions_total')).toBe(before[2] + 3);
    const text = await parts.monitor.registry.metrics();
    expect(text).toMatch(/perennial_batch_rows_count\{model="infections"\} [1-9]/);
    expect(text).toMatch(/perennial_prediction_value_count\{model="infections",version="v0001"\} [1-9]/);
  });

  it('names row, field, value and what is allowed of a row that does not fit', async () => {
    const { status, headers, body } = await predict({
      rows: [row, { tract: 'Atlantis', time: '2026-02-30', values: [1, 2, -3], deaths: 0 }],
    });
    expect(status).toBe(422);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: 'urn:perennial:problem:rows',
      title: 'The rows do not fit the model',
      status: 422,
      detail: 'row 1, "tract" is none of the categories that the model knows; and 3 more',
    });
    expect(body.errors).toMatchObject([
      { row: 1, field: 'tract', value: '"Atlantis"', allowed: 'one of 2: "001", "002"' },
      { row: 1, field: 'time', value: '"2026-02-30"', detail: 'is no day of the calendar' },
      { row: 1, field: 'values', value: 'an array of 3', detail: 'is too short: 3 values' },
      { row: 1, field: 'deaths', value: '0', detail: 'is not known' },
    ]);
  });

  it('lists twenty errors and no more', async () => {
    const { body } = await predict({ rows: Array(40).fill({}) });
    expect(body.errors).toHaveLength(20);
    expect(body.detail).toBe('row 0, "tract" is missing; and more');
  });

  it.each<[string, unknown, number, string]>([
    ['another model', { model: 'nobody', rows: [row] }, 404, 'unknown-model'],
    ['a model that is on every object', { model: 'constructor', rows: [row] }, 404, 'unknown-model'],
    ['a model that is a number', { model: 1, rows: [row] }, 422, 'request'],
    ['no rows', {}, 422, 'request'],
    ['empty rows', { rows: [] }, 422, 'request'],
    ['rows that are one row', { rows: row }, 422, 'request'],
    ['rows alone', [row], 422, 'request'],
    ['a row alone', row, 422, 'request'],
    ['a member that is not known', { rows: [row], verbose: true }, 422, 'request'],
    ['null', null, 422, 'request'],
    ['a number', 5, 422, 'request'],
    ['a text', '"rows"', 422, 'request'],
    ['too many rows', { rows: Array(51).fill(row) }, 422, 'too-many-rows'],
    ['a row that is null', { rows: [null] }, 422, 'rows'],
    ['a value too large for a double', '{"rows":[{"values":[1e999]}]}', 400, 'json'],
    ['a key twice', '{"rows":[],"rows":[]}', 400, 'json'],
  ])('refuses %s', async (_name, payload, expected, kind) => {
    const { status, headers, body } = await predict(payload);
    expect([status, body.type]).toEqual([expected, `urn:perennial:problem:${kind}`]);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(headers['x-model-version']).toBe('v0001');
  });

  it('refuses a request without a body, and with another kind of body', async () => {
    expect((await app.inject({ method: 'POST', url: '/predict' })).statusCode).toBe(422);
    expect((await predict('{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });
});

/** Kinds of texts that break careless code: none of them is a tract. */
const NAUGHTY = [
  '',
  ' ',
  '001 ',
  '001\u0000',
  '٠٠١',
  '００１',
  '-1',
  '1e3',
  'NaN',
  'null',
  'undefined',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '%2e%2e%2f',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  '{{7*7}}',
  '$(reboot)`reboot`',
  'a\r\nSet-Cookie: x=1',
  '\u202e100',
  '\ufeff001',
  '\ud800',
  '\u0000\u0001\u001f\u007f',
  '👩‍👩‍👧‍👦',
  'Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮',
  'ﷺ'.repeat(50),
  'a'.repeat(100_000),
];

describe('texts that break careless code', () => {
  it.each(NAUGHTY.map((text) => [text.slice(0, 30), text]))('are no tract: %j', async (_shown, tract) => {
    const { status, body } = await predict({ rows: [{ ...row, tract }] });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ row: 0, field: 'tract' }]);
    expect(JSON.stringify(body).length).toBeLessThan(1000);
  });

  it.each(NAUGHTY.map((text) => [text.slice(0, 30), text]))(
    'are no model and no field: %j',
    async (_shown, name) => {
      expect((await predict({ model: name, rows: [row] })).status).toBe(404);
      if (name === '__proto__') return;
      expect((await predict({ rows: [{ ...row, [name]: 1 }] })).status).toBe(422);
    },
  );
});
