import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { loadModel } from '../predictor/model.ts';
import { MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const sample = sampleOf();
const week = [110, 115, 120, 110, 100, 80, 65];
const row = { tract: '001', time: '2026-06-30', values: [...week, ...week] };
const JSON_TYPE = { 'content-type': 'application/json' };

let now = new Date('2026-07-01T12:00:00Z');
const open: Awaited<ReturnType<typeof buildApp>>[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

async function service(env: NodeJS.ProcessEnv = {}) {
  now = new Date('2026-07-01T12:00:00Z');
  const parts = samplePartsOf(sample, { env: { PERENNIAL_RATE_LIMIT: '0', ...env }, now: () => now });
  const app = await buildApp(parts, { guards: false });
  open.push(app);
  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: unknown) => {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const response = await app.inject({
      method,
      url,
      ...(payload === undefined ? {} : { payload: text, headers: JSON_TYPE }),
    });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };
  const ended = async (id: string) => {
    for (let look = 0; look < 2000; look++) {
      const { body } = await ask('GET', `/jobs/${id}`);
      if (!['waiting', 'running'].includes(body.state)) return body;
      await wait(10);
    }
    throw new Error('the job did not end in time');
  };
  return { app, parts, ask, ended };
}

describe('a job', () => {
  it('answers more rows than /predict takes, each as /predict does', async () => {
    const { ask, ended, parts } = await service();
    const rows = Array.from({ length: 3000 }, (_, k) => ({
      ...row,
      values: row.values.map((value) => value + k),
    }));
    expect((await ask('POST', '/predict', { rows })).body.type).toBe('urn:perennial:problem:too-many-rows');

    const posted = await ask('POST', '/jobs', { model: MODEL, rows });
    expect(posted.status).toBe(202);
    expect(posted.headers.location).toBe(`/jobs/${posted.body.id}`);
    expect(posted.body).toMatchObject({
      model: MODEL,
      version: 'v0001',
      progress: { total: 3000 },
      result: null,
    });

    const done = await ended(posted.body.id);
    expect(done).toMatchObject({
      state: 'done',
      progress: { done: 3000, total: 3000 },
      result: `/jobs/${posted.body.id}/result`,
      expires_at: '2026-07-01T13:00:00.000Z',
    });
    const { status, headers, body } = await ask('GET', done.result);
    expect([status, headers['x-model-version']]).toEqual([200, 'v0001']);
    expect(body).toMatchObject({ id: posted.body.id, model: MODEL, version: 'v0001' });
    expect(body.predictions).toHaveLength(3000);
    const some = [0, 255, 256, 257, 1999, 2999];
    const alone = await ask('POST', '/predict', { rows: some.map((at) => rows[at]) });
    expect(some.map((at) => body.predictions[at])).toEqual(alone.body.predictions);
    const { values } = await parts.monitor.jobs.get();
    expect(values).toMatchObject([{ labels: { outcome: 'done' }, value: 1 }]);
  });

  it('lets others have their turn while it is read and computed', async () => {
    const { ask, ended } = await service();
    const rows = Array(20_000).fill(row);
    let turns = 0;
    let over = false;
    const counting = (async () => {
      while (!over) {
        await turn();
        turns++;
      }
    })();
    const posted = await ask('POST', '/jobs', { rows });
    const whileRead = turns;
    await ended(posted.body.id);
    over = true;
    await counting;
    expect(whileRead).toBeGreaterThan(10);
    expect(turns - whileRead).toBeGreaterThan(30);
  });

  it('ends on the edition that it began with', async () => {
    const { ask, ended, parts } = await service();
    const posted = await ask('POST', '/jobs', { rows: Array(5000).fill(row) });
    const next = sampleOf({ candidate: 'persistence', version: 'v0002' });
    parts.slots.of(MODEL).swap({ model: loadModel(next.files, next.version) });
    const done = await ended(posted.body.id);
    expect(done.version).toBe('v0001');
    const { body } = await ask('GET', done.result);
    const last = body.predictions.at(-1).outputs.point;
    expect(last.map(Math.round)).toEqual([110, 115, 120]);
    expect((await ask('POST', '/jobs', { rows: [row] })).body.version).toBe('v0002');
  });

  it('is cancelled, and gone then', async () => {
    const { ask, parts } = await service();
    const first = await ask('POST', '/jobs', { rows: Array(30_000).fill(row) });
    const second = await ask('POST', '/jobs', { rows: [row] });
    expect(second.body.state).toBe('waiting');
    expect((await ask('GET', `/jobs/${second.body.id}/result`)).status).toBe(409);
    for (const { body } of [first, second]) {
      expect(await ask('DELETE', `/jobs/${body.id}`)).toMatchObject({
        status: 200,
        body: { state: 'cancelled' },
      });
      expect((await ask('GET', `/jobs/${body.id}`)).status).toBe(410);
      expect((await ask('DELETE', `/jobs/${body.id}`)).status).toBe(410);
    }
    const { values } = await parts.monitor.queued.get();
    expect(values).toMatchObject([{ labels: { queue: 'jobs' }, value: 0 }]);
  });

  it('is kept for the stated time, and known to be gone then', async () => {
    const { ask, ended } = await service({ PERENNIAL_JOB_KEPT_SECONDS: '60' });
    const { body } = await ask('POST', '/jobs', { rows: [row] });
    await ended(body.id);
    now = new Date(now.getTime() + 59_999);
    expect((await ask('GET', `/jobs/${body.id}`)).status).toBe(200);
    now = new Date(now.getTime() + 1);
    expect(await ask('GET', `/jobs/${body.id}/result`)).toMatchObject({
      status: 410,
      body: { detail: 'the job expired at 2026-07-01T12:01:00.000Z' },
    });
    expect((await ask('GET', '/jobs/6f9619ff-8b86-4011-b42d-00c04fc964ff')).status).toBe(404);
  });

  it('is turned away where as many are under way as may be', async () => {
    const { ask } = await service({ PERENNIAL_MAX_JOBS: '2' });
    const rows = Array(20_000).fill(row);
    const ids: string[] = [];
    for (let k = 0; k < 2; k++) ids.push((await ask('POST', '/jobs', { rows })).body.id);
    const refused = await ask('POST', '/jobs', { rows: [row] });
    expect(refused).toMatchObject({ status: 503, body: { type: 'urn:perennial:problem:jobs-full' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await ask('DELETE', `/jobs/${ids[1]}`);
    expect((await ask('POST', '/jobs', { rows: [row] })).status).toBe(202);
  });

  it('is turned away where its result would take more memory than jobs have', async () => {
    const { ask, ended } = await service({ PERENNIAL_MAX_JOB_MEMORY_BYTES: '500000' });
    expect((await ask('POST', '/jobs', { rows: Array(2000).fill(row) })).status).toBe(503);
    const small = await ask('POST', '/jobs', { rows: Array(500).fill(row) });
    expect(small.status).toBe(202);
    await ended(small.body.id);
  });

  it('is not known to the service that is started next, which says what to do', async () => {
    const before = await service();
    const { body } = await before.ask('POST', '/jobs', { rows: Array(2000).fill(row) });
    await before.app.close();
    const next = await service();
    for (const [method, url] of [
      ['GET', `/jobs/${body.id}`],
      ['GET', `/jobs/${body.id}/result`],
      ['DELETE', `/jobs/${body.id}`],
    ] as const)
      expect(await next.ask(method, url)).toMatchObject({
        status: 404,
        body: {
          type: 'urn:perennial:problem:unknown-job',
          hint: expect.stringContaining('send the rows again'),
        },
      });
  });

  it('says so where the service stops before it is done', async () => {
    const { app, ask, parts } = await service();
    await ask('POST', '/jobs', { rows: Array(30_000).fill(row) });
    await app.close();
    const { values } = await parts.monitor.jobs.get();
    expect(values).toMatchObject([{ labels: { outcome: 'cancelled' }, value: 1 }]);
  });

  it.each<[string, unknown, number, string]>([
    ['no rows', {}, 422, 'request'],
    ['empty rows', { rows: [] }, 422, 'request'],
    ['rows that are an object', { rows: { 0: row } }, 422, 'request'],
    ['an array', [row], 422, 'request'],
    ['null', null, 422, 'request'],
    ['another member', { rows: [row], priority: 1 }, 422, 'request'],
    ['a model that is not served', { model: 'nobody', rows: [row] }, 404, 'unknown-model'],
    ['a model after the rows', { rows: [row], model: 7 }, 422, 'request'],
    ['too many rows', { rows: Array(101).fill(0) }, 422, 'too-many-rows'],
    ['a row that does not fit', { rows: [row, { ...row, tract: 'x' }] }, 422, 'rows'],
    ['a row that is no object', { rows: [row, 1] }, 422, 'rows'],
    ['a row that is no JSON', '{"rows":[{"tract":nul}]}', 400, 'json'],
    ['a model that is no JSON', '{"rows":[{}],"model":nul}', 400, 'json'],
    ['a key twice', `{"rows":[${JSON.stringify(row).replace('"tract"', '"time":1,"tract"')}]}`, 400, 'json'],
    ['half a body', '{"rows":[{}', 400, 'json'],
    ['nothing', '', 400, 'json'],
  ])('is refused where it is %s', async (_name, payload, status, kind) => {
    const { ask } = await service({ PERENNIAL_MAX_JOB_ROWS: '100' });
    const { status: answered, body } = await ask('POST', '/jobs', payload);
    expect([answered, body.type]).toEqual([status, `urn:perennial:problem:${kind}`]);
  });

  it('names the row that does not fit, far behind', async () => {
    const { ask } = await service();
    const { body } = await ask('POST', '/jobs', { rows: [...Array(700).fill(row), { ...row, tract: 'x' }] });
    expect(body.errors).toMatchObject([{ row: 700, field: 'tract', value: '"x"' }]);
  });
});
