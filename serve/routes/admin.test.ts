import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import { Life } from '../guards/life.ts';
import { MODEL } from '../sample-service.testing.ts';

const KEY = 'a key of a person';
const { one, two } = samples;
let home: ReturnType<typeof workspaceIn>;
let service: Awaited<ReturnType<typeof startService>>;
let app: FastifyInstance;
let remove: () => Promise<void>;

/** v0001 was served, then v0002, which has held. */
beforeEach(async () => {
  const made = await temporaryFolder();
  remove = made.remove;
  home = workspaceIn(made.folder);
  await home.register(one);
  await home.register(two);
  await home.promote('v0001');
  await home.publish(one.pack);
  const adminKeys = createHash('sha256').update(KEY.replaceAll(' ', '-')).digest('hex');
  service = await startService({
    source: home.source(),
    state: `${made.folder}/state`,
    env: { PERENNIAL_ADMIN_KEYS: adminKeys, PERENNIAL_TRIAL_REQUESTS: '10' },
  });
  await home.promote('v0002');
  await service.follower.look();
  service.answer(10);
  app = (await buildApp({ ...service, life: new Life() })) as unknown as FastifyInstance;
});
afterEach(async () => {
  await app.close();
  await service.close();
  await remove();
});

async function call(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
  key: string | null = KEY,
) {
  const response = await app.inject({
    method,
    url: `/admin/models/${MODEL}${path}`,
    headers: key === null ? {} : { authorization: `Bearer ${key.replaceAll(' ', '-')}` },
    ...(body ? { payload: body } : {}),
  });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
}

describe('admin calls', () => {
  it('need a key, and tell nobody else anything', async () => {
    for (const key of [null, '', 'another', `${KEY}x`]) {
      const { status, body, headers } = await call('GET', '', undefined, key);
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer');
      expect(JSON.stringify(body)).not.toContain('v0002');
    }
    const off = await buildApp({
      ...service,
      settings: { ...service.settings, adminKeys: [] },
      life: new Life(),
    });
    const answer = await off.inject(`/admin/models/${MODEL}`);
    expect(answer.statusCode).toBe(404);
    expect(answer.json().type).toBe('urn:perennial:problem:admin-off');
    await off.close();
  });

  it('tell what is served, before, refused, and how it came', async () => {
    const { status, body } = await call('GET', '');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model: MODEL,
      current: { version: 'v0002', data_version: 'data-120' },
      ...{ trial: null, previous: 'v0001', pinned: null, refused: [] },
    });
    expect(body.history.map(({ result }: { result: string }) => result)).toEqual([
      'kept',
      'swapped',
      'swapped',
    ]);
  });

  it('roll back for good, until it is lifted', async () => {
    const { status, body } = await call('POST', '/rollback', { why: 'it forecasts nonsense' });
    expect(status).toBe(200);
    expect(body.current.version).toBe('v0001');
    expect(body.refused).toMatchObject([
      { version: 'v0002', reason: 'rolled back by a person: it forecasts nonsense' },
    ]);
    expect((await call('POST', '/follow-now')).body.current.version).toBe('v0001');
    expect(await call('POST', '/rollback')).toMatchObject({
      status: 409,
      body: { type: 'urn:perennial:problem:nothing-before' },
    });
    expect((await call('DELETE', `/refused/${two.version.digest}`)).body.refused).toEqual([]);
    expect((await call('DELETE', `/refused/${two.version.digest}`)).status).toBe(404);
    expect((await call('POST', '/follow-now')).body).toMatchObject({
      ok: true,
      current: { version: 'v0002' },
      trial: { kind: 'direct', version: 'v0002', requests: 0, of: 10 },
      previous: 'v0001',
    });
  });

  it('pin a version, and unpin it', async () => {
    expect((await call('POST', '/pin', { version: 'v0001' })).body).toMatchObject({
      pinned: 'v0001',
      current: { version: 'v0001' },
      trial: null,
    });
    expect((await call('POST', '/rollback')).status).toBe(409);
    expect((await call('POST', '/unpin')).body).toMatchObject({
      pinned: null,
      current: { version: 'v0002' },
    });
    expect((await call('POST', '/unpin')).status).toBe(409);
    expect(await call('POST', '/pin', { version: 'v0009' })).toMatchObject({
      status: 404,
      body: { hint: expect.stringMatching(/^at hand: v0001, v0002; for another one release it again/) },
    });
    expect((await call('POST', '/pin', { version: '../../etc' })).status).toBe(400);
    expect((await call('POST', '/pin')).status).toBe(400);
  });
});

it('a request that is answered is seen by the trial', async () => {
  await call('POST', '/rollback');
  await call('DELETE', `/refused/${two.version.digest}`);
  await call('POST', '/follow-now');
  for (let at = 0; at < 10; at++) {
    const answer = await app.inject('/forecast?tract=001');
    expect(answer.headers['x-model-version']).toBe('v0002');
  }
  expect((await call('GET', '')).body.trial).toBeNull();
});
