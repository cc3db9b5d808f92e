import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { editionOf } from '../predictor/edition.ts';
import { loadModel } from '../predictor/model.ts';
import { loadPack } from '../predictor/pack.ts';
import { HORIZONS, MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const sample = sampleOf();
const parts = samplePartsOf(sample, { env: { PERENNIAL_MAX_ROWS: '50', PERENNIAL_RATE_LIMIT: '0' } });
let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(parts, { guards: false });
});
afterAll(() => app.close());

const get = async (url: string) => {
  const response = await app.inject(url);
  return { status: response.statusCode, body: response.json() };
};
async function infer(payload: unknown, url = `/v2/models/${MODEL}/infer`) {
  const response = await app.inject({
    method: 'POST',
    url,
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': 'application/json' },
  });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
}

const week = [110, 115, 120, 110, 100, 80, 65];
const values = [...week, ...week];
const tract = { name: 'tract', shape: [2], datatype: 'BYTES', data: ['001', '002'] };
const time = { name: 'time', shape: [2, 1], datatype: 'BYTES', data: [['2026-06-30'], ['2026-06-30']] };
const series = { name: 'values', shape: [2, 14], datatype: 'FP64', data: [values, values.map((v) => 2 * v)] };
const inputs = [tract, time, series];

describe('Open Inference Protocol v2: health and metadata', () => {
  it('is alive and ready, as a server and as a model', async () => {
    expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } });
    const ready = { status: 200, body: { name: MODEL, ready: true } };
    expect(await get(`/v2/models/${MODEL}/ready`)).toEqual(ready);
    expect(await get(`/v2/models/${MODEL}/versions/v0001/ready`)).toEqual(ready);
  });

  it('says who it is', async () => {
    const { status, body } = await get('/v2');
    expect([status, body.name, body.extensions]).toEqual([200, 'perennial', []]);
    expect(body.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('tells the tensors of a model, with and without a version', async () => {
    const metadata = {
      name: MODEL,
      versions: ['v0001'],
      platform: 'perennial_forecast',
      inputs: [
        { name: 'tract', datatype: 'BYTES', shape: [-1] },
        { name: 'time', datatype: 'BYTES', shape: [-1] },
        { name: 'values', datatype: 'FP64', shape: [-1, -1] },
      ],
      outputs: [
        { name: 'time', datatype: 'BYTES', shape: [-1, HORIZONS] },
        { name: 'point', datatype: 'FP64', shape: [-1, HORIZONS] },
        { name: 'low', datatype: 'FP64', shape: [-1, HORIZONS] },
        { name: 'high', datatype: 'FP64', shape: [-1, HORIZONS] },
      ],
    };
    expect(await get(`/v2/models/${MODEL}`)).toEqual({ status: 200, body: metadata });
    expect(await get(`/v2/models/${MODEL}/versions/v0001`)).toEqual({ status: 200, body: metadata });
  });

  it.each([
    ['/v2/models/nobody', 404],
    ['/v2/models/nobody/ready', 404],
    [`/v2/models/${MODEL}/versions/v0002`, 404],
    [`/v2/models/${MODEL}/versions/v0002/ready`, 404],
    [`/v2/models/${MODEL}/versions/`, 404],
    ['/v2/nothing', 404],
    ['/v2/models/__proto__', 404],
    [`/v2/models/${MODEL}/infer`, 405],
  ])('refuses GET %s as the protocol does', async (url, expected) => {
    const { status, body } = await get(url);
    expect(status).toBe(expected);
    expect(Object.keys(body)).toEqual(['error']);
  });
});

describe('Open Inference Protocol v2: inference', () => {
  it('answers nested tensors with flat ones', async () => {
    const { status, headers, body } = await infer({ id: '42', inputs });
    expect(status).toBe(200);
    expect(headers['x-model-version']).toBe('v0001');
    expect(body).toMatchObject({ model_name: MODEL, model_version: 'v0001', id: '42' });
    const point = body.outputs.find(({ name }: { name: string }) => name === 'point');
    expect(point).toMatchObject({ datatype: 'FP64', shape: [2, HORIZONS] });
    expect(point.data.map(Math.round)).toEqual([110, 115, 120, 220, 230, 240]);
    expect(body.outputs.map(({ name }: { name: string }) => name)).toEqual(['time', 'point', 'low', 'high']);
    expect(body.outputs[0].data[0]).toBe('2026-07-01T00:00:00.000Z');
  });

  it('takes flat data, other numbers, unknown values, and gives the outputs asked for, in that order', async () => {
    const flat = { ...series, datatype: 'INT32', data: series.data.flat() };
    const asked = { outputs: [{ name: 'high' }, { name: 'point', parameters: { binary_data: false } }] };
    const { body } = await infer({ inputs: [flat, time, tract], parameters: { note: 1 }, ...asked });
    expect(body.outputs.map(({ name }: { name: string }) => name)).toEqual(['high', 'point']);
    const nested = await infer({ inputs, outputs: [{ name: 'high' }, { name: 'point' }] });
    expect(body.outputs).toEqual(nested.body.outputs);
    const gaps = { ...series, data: series.data.map((row) => [null, ...row.slice(1)]) };
    expect((await infer({ inputs: [tract, time, gaps] })).status).toBe(200);
  });

  it('answers as POST /predict does', async () => {
    const rows = [0, 1].map((at) => ({ tract: tract.data[at], time: '2026-06-30', values: series.data[at] }));
    const { body } = await infer({ rows }, '/predict');
    const { body: inferred } = await infer({ inputs, outputs: [{ name: 'low' }] });
    expect(inferred.outputs[0].data).toEqual(
      body.predictions.flatMap(({ outputs }: { outputs: { low: number[] } }) => outputs.low),
    );
  });

  it('answers by the version that is named, the one on trial too', async () => {
    const slot = parts.slots.of(MODEL);
    const { current } = slot;
    const other = sampleOf({ candidate: 'persistence', version: 'v0002' });
    const pack = loadPack(sample.pack);
    slot.serve(current!, { edition: editionOf(loadModel(other.files, other.version), pack), share: 0 });
    try {
      const path = (version: string) => `/v2/models/${MODEL}/versions/${version}/infer`;
      const outputs = [{ name: 'point' }];
      const second = await infer({ inputs, outputs }, path('v0002'));
      expect(second.headers['x-model-version']).toBe('v0002');
      expect(second.body.model_version).toBe('v0002');
      const first = await infer({ inputs, outputs }, path('v0001'));
      expect(first.body.outputs[0].data).not.toEqual(second.body.outputs[0].data);
      expect((await get(`/v2/models/${MODEL}`)).body.versions).toEqual(['v0001', 'v0002']);
      expect((await infer({ inputs }, path('v0003'))).status).toBe(404);
    } finally {
      slot.serve(current!);
    }
  });

  const without = (name: string) => inputs.filter((one) => one.name !== name);
  it.each<[string, unknown, string]>([
    ['no inputs', {}, 'inputs: expected an array'],
    ['an array', [], 'expected an object'],
    ['null', null, 'expected an object'],
    ['empty inputs', { inputs: [] }, 'no row'],
    [
      'no rows',
      { inputs: inputs.map((one) => ({ ...one, shape: [0, ...one.shape.slice(1)], data: [] })) },
      'no row',
    ],
    ['inputs that are numbers', { inputs: [1] }, 'expected objects'],
    ['an input twice', { inputs: [...inputs, tract] }, '"tract" is there twice'],
    ['an input that is not known', { inputs: [...inputs, { ...tract, name: 'x' }] }, '"x" is not known'],
    ['an input too few', { inputs: without('time') }, '"time" is missing'],
    ['no shape', { inputs: [{ ...tract, shape: undefined }] }, 'shape: expected'],
    ['a negative shape', { inputs: [{ ...tract, shape: [-1] }] }, 'whole numbers'],
    ['a huge shape', { inputs: [{ ...tract, shape: [1e300] }] }, 'whole numbers'],
    ['a shape of halves', { inputs: [{ ...tract, shape: [1.5] }] }, 'whole numbers'],
    ['too many dimensions', { inputs: [{ ...tract, shape: [1, 1, 1] }] }, 'shape: expected 1 or 2'],
    ['too many rows', { inputs: [{ ...tract, shape: [51] }] }, '51 rows are too many'],
    ['more data than the shape', { inputs: [{ ...tract, data: ['001', '002', '001'] }] }, 'as many values'],
    ['less data than the shape', { inputs: [tract, time, { ...series, data: [values] }] }, 'as many values'],
    ['ragged data', { inputs: [tract, time, { ...series, data: [values, [1]] }] }, 'as many values'],
    [
      'data nested too deep',
      { inputs: [tract, time, { ...series, data: [[values], [values]] }] },
      'as many values',
    ],
    ['a series of one dimension', { inputs: [tract, time, { ...series, shape: [28] }] }, '[rows, steps]'],
    ['rows that differ', { inputs: [tract, { ...time, shape: [1], data: ['2026-06-30'] }] }, '1 rows'],
    ['no data', { inputs: [{ ...tract, data: undefined }] }, 'data: expected'],
    ['a text for a number', { inputs: [tract, time, { ...series, datatype: 'BYTES' }] }, 'datatype "BYTES"'],
    ['a number for a text', { inputs: [{ ...tract, datatype: 'FP32' }] }, 'datatype "FP32"'],
    ['a datatype that there is not', { inputs: [{ ...tract, datatype: 'FP8' }] }, 'datatype "FP8"'],
    ['data of another type', { inputs: [{ ...tract, data: ['001', 2] }] }, '2 is not of the datatype BYTES'],
    [
      'a fraction in INT64',
      { inputs: [tract, time, { ...series, datatype: 'INT64', data: Array(28).fill(0.5) }] },
      'INT64',
    ],
    [
      '256 in UINT8',
      { inputs: [tract, time, { ...series, datatype: 'UINT8', data: Array(28).fill(256) }] },
      'UINT8',
    ],
    [
      'a category that there is not',
      { inputs: [{ ...tract, data: ['001', 'Atlantis'] }, time, series] },
      'allowed: one of 2',
    ],
    [
      'an impossible value',
      { inputs: [tract, time, { ...series, data: Array(28).fill(-1) }] },
      'is too small',
    ],
    ['an output that there is not', { inputs, outputs: [{ name: 'x' }] }, 'output "x" is not known'],
    ['an output twice', { inputs, outputs: [{ name: 'low' }, { name: 'low' }] }, 'twice'],
    ['outputs that are names', { inputs, outputs: ['low'] }, 'objects with a name'],
    ['an id that is a number', { inputs, id: 42 }, 'id: expected a text'],
    [
      'a binary input',
      { inputs: [{ ...tract, parameters: { binary_data_size: 8 } }] },
      'binary tensors is not served',
    ],
    [
      'a binary output',
      { inputs, outputs: [{ name: 'low', parameters: { binary_data: true } }] },
      'binary tensors',
    ],
    ['binary outputs', { inputs, parameters: { binary_data_output: true } }, 'binary tensors'],
    ['a key twice', '{"inputs":[],"inputs":[]}', 'there twice'],
    ['no JSON', '{', 'ends too early'],
  ])('refuses %s with 400 and an error', async (_name, payload, said) => {
    const { status, headers, body } = await infer(payload);
    expect([status, Object.keys(body)]).toEqual([400, ['error']]);
    expect(headers['content-type']).toContain('application/json');
    expect(body.error).toContain(said);
  });

  it('refuses binary tensors, other models and long bodies in the same form', async () => {
    const url = `/v2/models/${MODEL}/infer`;
    const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': '2' };
    const binary = await app.inject({ method: 'POST', url, payload: '{}xxxx', headers });
    expect([binary.statusCode, binary.json().error]).toEqual([415, expect.stringContaining('binary')]);
    expect(await infer({ inputs }, '/v2/models/nobody/infer')).toMatchObject({
      status: 404,
      body: { error: expect.any(String) },
    });
    const long = await infer(`{"id":"${'x'.repeat(1_100_000)}"}`);
    expect([long.status, Object.keys(long.body)]).toEqual([413, ['error']]);
  });
});
