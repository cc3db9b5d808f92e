import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { silent } from '../log.ts';
import { sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const sample = sampleOf();
const ASK = '/forecast?tract=001';
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

async function serve(env: NodeJS.ProcessEnv = {}, add?: (app: FastifyInstance) => void) {
  const parts = samplePartsOf(sample, { env });
  app = await buildApp(parts);
  add?.(app);
  return { app, parts };
}

describe('the rate limit', () => {
  it('turns one client away for the rest of its minute, and still tells how it is', async () => {
    const { app, parts } = await serve({ PERENNIAL_RATE_LIMIT: '2' });
    const statuses = [];
    for (let request = 0; request < 3; request++) statuses.push((await app.inject(ASK)).statusCode);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await app.inject(ASK);
    expect(refused.json()).toMatchObject({ type: 'urn:perennial:problem:rate-limit', status: 429 });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await app.inject('/health/ready')).statusCode).toBe(200);
    expect((await app.inject({ url: ASK, remoteAddress: '192.0.2.7' })).statusCode).toBe(200);
    expect(await parts.monitor.registry.metrics()).toContain(
      'perennial_shed_requests_total{reason="rate-limit"} 2',
    );
  });

  it('counts a key that it knows on its own, and no others', async () => {
    const { app } = await serve({ PERENNIAL_RATE_LIMIT: '1', PERENNIAL_API_KEYS: hashOf('planner') });
    const status = async (key: string) =>
      (await app.inject({ url: ASK, headers: { authorization: `Bearer ${key}` } })).statusCode;
    expect([await status('planner'), await status('made-up-1'), await status('made-up-2')]).toEqual([
      200, 200, 429,
    ]);
  });
});

it('limits how often keys are guessed', async () => {
  const { app } = await serve({ PERENNIAL_RATE_LIMIT: '2', PERENNIAL_ADMIN_KEYS: hashOf('admin') });
  const statuses = [];
  for (const key of ['a', 'b', 'c']) {
    const headers = { authorization: `Bearer ${key}` };
    statuses.push((await app.inject({ url: '/admin/models/infections', headers })).statusCode);
  }
  expect(statuses).toEqual([401, 401, 429]);
});

it('turns requests away while the event loop is late, and says when to come again', async () => {
  const { app, parts } = await serve({ PERENNIAL_MAX_EVENT_LOOP_DELAY_MS: '20' });
  await app.ready();
  await late(1_300, 60);
  const refused = await app.inject(ASK);
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBe('2');
  expect(refused.json().type).toBe('urn:perennial:problem:pressure');
  expect((await app.inject('/health/live')).statusCode).toBe(200);
  expect((await app.inject('/metrics')).statusCode).toBe(200);
  expect(await parts.monitor.registry.metrics()).toContain(
    'perennial_http_requests_total{route="/forecast",method="GET",status="503"} 1',
  );
});

it('labels only with what it knows, whatever is asked', async () => {
  const { app, parts } = await serve();
  for (let n = 0; n < 50; n++) {
    const under = n % 4 === 1 ? '/v2' : '';
    await app.inject({ method: n % 2 ? 'GET' : 'PUT', url: `${under}/made-up-${n}?q=${n}` });
  }
  await app.inject('/forecast?lat=91&lon=0');
  const text = await parts.monitor.registry.metrics();
  expect(text).toContain('perennial_http_requests_total{route="unknown",method="GET",status="404"} 25');
  expect(text).toContain('perennial_http_requests_total{route="/forecast",method="GET",status="400"} 1');
  expect(text).toMatch(/perennial_http_request_duration_seconds_count\{route="\/forecast"\} 1/);
  expect(text).not.toContain('made-up');
  expect(text).toContain('perennial_http_requests_in_flight 0');
});

it('keeps the identity that a client gave its request, and makes one for any other', async () => {
  const { app } = await serve();
  const idFor = async (id: string) =>
    (await app.inject({ url: ASK, headers: { 'x-request-id': id } })).headers['x-request-id'];
  expect(await idFor('planner-7')).toBe('planner-7');
  expect(await idFor('<script>')).toMatch(/^[0-9a-f-]{36}$/);
  expect((await app.inject('/nothing')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

describe('what is no request', () => {
  it('a path that cannot be read is a problem, and counted', async () => {
    const { app, parts } = await serve();
    await app.listen({ port: 0, host: '127.0.0.1' });
    const answer = await raw(
      portOf(app),
      'GET /jobs/%E0%A4%A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('urn:perennial:problem:request');
    expect(answer).toMatch(/^x-model-version: v/m);
    expect(await parts.monitor.registry.metrics()).toContain(
      'perennial_http_requests_total{route="unknown",method="GET",status="400"} 1',
    );
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', '400'],
    ['a head that is too large', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, '431'],
  ])('%s is a problem with the status it has', async (_, bytes, status) => {
    const { app } = await serve();
    await app.listen({ port: 0, host: '127.0.0.1' });
    const answer = await raw(portOf(app), bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('urn:perennial:problem:http');
  });
});

describe('when it is stopped', () => {
  it('is not ready any more, and answers everything that comes before it is gone', async () => {
    const { app, parts } = await serve({}, (app) => {
      app.get('/slow', async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { done: true };
      });
    });
    const pool = new Pool(await app.listen({ port: 0, host: '127.0.0.1' }), { connections: 4 });
    try {
      const ask = async (path: string) => (await pool.request({ method: 'GET', path })).statusCode;
      expect(await ask('/health/ready')).toBe(200);
      const slow = ask('/slow');
      const stopped = parts.life.stop(app, { drainMs: 2_000, graceMs: 10_000 });
      expect(await ask('/health/ready')).toBe(503);
      expect(await ask(ASK)).toBe(200);
      expect((await pool.request({ method: 'GET', path: ASK })).headers.connection).toBe('close');
      expect(await slow).toBe(200);
      expect(await stopped).toBe(true);
      await expect(ask(ASK)).rejects.toThrow();
    } finally {
      await pool.destroy();
    }
  });

  it('does not wait longer than its grace for an answer that does not come', async () => {
    const { app, parts } = await serve({}, (app) => {
      app.get('/never', () => new Promise(() => {}));
    });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    const pool = new Pool(address);
    const never = pool.request({ method: 'GET', path: '/never' }).catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await parts.life.stop(app, { drainMs: 0, graceMs: 100 })).toBe(false);
    await pool.destroy();
    expect(await never).toBe('cut');
    app.server.closeAllConnections();
  });
});

/** Keeps the event loop late for a while: blocked again and again. */
async function late(ms: number, blockedMs: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const from = performance.now();
    while (performance.now() - from < blockedMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function portOf(app: FastifyInstance): number {
  return (app.server.address() as { port: number }).port;
}

function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

it('counts a request whose client has gone away, and keeps no count of it open', async () => {
  let began = () => {};
  const begun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const { app, parts } = await serve({}, (app) => {
    app.get('/slow', () => {
      began();
      return new Promise(() => {});
    });
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const gone = new AbortController();
  const asked = fetch(`${address}/slow`, { signal: gone.signal }).catch(() => 'gone');
  await begun;
  expect(parts.monitor.live.inFlight).toBe(1);
  gone.abort();
  expect(await asked).toBe('gone');
  await expect.poll(() => parts.monitor.live.inFlight).toBe(0);
  expect(await parts.monitor.registry.metrics()).toContain(
    'perennial_http_requests_total{route="/slow",method="GET",status="499"} 1',
  );
});

it('logs what failed and a share of the rest, with nothing of the question', async () => {
  const lines: object[] = [];
  const log = {
    ...silent,
    info: (line: object) => lines.push(line),
    warn: (line: object) => lines.push(line),
  };
  const parts = { ...samplePartsOf(sample, { env: { PERENNIAL_LOG_SHARE: '100%' } }), log: log as never };
  app = await buildApp(parts);
  app.get('/broken', async () => {
    throw new Error('inside');
  });
  await app.inject('/forecast?lat=40.5&lon=-75.5');
  await app.inject('/broken');
  expect(lines).toMatchObject([
    { method: 'GET', route: '/forecast', status: 200 },
    { method: 'GET', route: '/broken', status: 500 },
  ]);
  expect(JSON.stringify(lines)).not.toContain('40.5');
});
