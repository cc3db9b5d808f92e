import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FaultProxy } from './fault-proxy.ts';

const done: { method: string; path: string; host: string; sha256: string }[] = [];
/** Answers with the body it was sent. */
const server = createServer(async (request, response) => {
  const hash = createHash('sha256');
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { method = '', url: path = '', headers } = request;
  done.push({ method, path, host: headers.host ?? '', sha256: hash.update(body).digest('hex') });
  response.writeHead(path === '/missing' ? 404 : 200, { 'x-echo': 'yes' });
  response.end(body);
});

let proxy: FaultProxy;
let agent: Agent;
beforeEach(async () => {
  done.length = 0;
  agent = new Agent();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  await agent.destroy();
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function send(path: string, body?: Buffer | string, limitMs = 5_000) {
  const answer = await request(proxy.url + path, {
    method: body === undefined ? 'GET' : 'PUT',
    body,
    dispatcher: agent,
    headersTimeout: limitMs,
    bodyTimeout: limitMs,
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, bytes };
}

it('passes method, path, Host and body on as they came, and the answer back', async () => {
  const body = randomBytes(8_000_000);
  const answer = await send('/a/b?x=1&y=%2F', body);
  expect(answer.status).toBe(200);
  expect(answer.headers['x-echo']).toBe('yes');
  expect(answer.bytes.equals(body)).toBe(true);
  expect(done).toEqual([
    {
      method: 'PUT',
      path: '/a/b?x=1&y=%2F',
      host: new URL(proxy.url).host,
      sha256: createHash('sha256').update(body).digest('hex'),
    },
  ]);
});

it('writes down every request with the status that went back', async () => {
  await send('/there');
  await send('/missing');
  proxy.fail({ fault: { kind: 'reset', forwarded: false } });
  await expect(send('/broken')).rejects.toThrow();
  await expect
    .poll(() => proxy.requests)
    .toEqual([
      { method: 'GET', path: '/there', status: 200 },
      { method: 'GET', path: '/missing', status: 404 },
      { method: 'GET', path: '/broken', status: 0 },
    ]);
});

it('tells apart a reset before and after the server has done its work', async () => {
  proxy.fail({ fault: { kind: 'reset', forwarded: false } });
  await expect(send('/x', 'before')).rejects.toThrow();
  expect(done).toHaveLength(0);
  proxy.fail({ fault: { kind: 'reset', forwarded: true } });
  await expect(send('/x', 'after')).rejects.toThrow();
  expect(done).toHaveLength(1);
});

it('answers in the server’s place with a status, headers and a body', async () => {
  const fault = { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: 'slowly' } as const;
  proxy.fail({ fault });
  const answer = await send('/x', randomBytes(1_000_000));
  expect([answer.status, answer.headers['retry-after'], String(answer.bytes)]).toEqual([429, '2', 'slowly']);
  expect(done).toHaveLength(0);
});

it('answers with a page', async () => {
  proxy.fail({ fault: { kind: 'html' } });
  const answer = await send('/x');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
});

it('cuts an answer in the middle', async () => {
  proxy.fail({ fault: { kind: 'truncated' } });
  await expect(send('/x', 'four')).rejects.toThrow();
  expect(done).toHaveLength(1);
});

it('takes its time, or never answers', async () => {
  proxy.fail({ fault: { kind: 'slow', ms: 300 } });
  const started = performance.now();
  expect((await send('/x')).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(290);
  proxy.fail({ fault: { kind: 'no-headers' } });
  await expect(send('/x', 'body', 1_100)).rejects.toThrow(/Timeout/);
  expect(done).toHaveLength(1);
});

it('breaks only what a rule names, as often as it says, until it is healed', async () => {
  const fault = { kind: 'status', status: 500 } as const;
  proxy.fail({ when: (method, path) => method === 'PUT' && path === '/x', fault, times: 2 });
  const statuses = [];
  for (const path of ['/y', '/x', '/x', '/x']) statuses.push((await send(path, 'b')).status);
  expect(statuses).toEqual([200, 500, 500, 200]);
  proxy.fail({ fault, times: Number.POSITIVE_INFINITY });
  for (let i = 0; i < 3; i++) expect((await send('/x')).status).toBe(500);
  proxy.heal();
  expect((await send('/x')).status).toBe(200);
});

it('lets so many requests through and then none, on old connections and new ones', async () => {
  proxy.passOnly(2);
  expect((await send('/1')).status).toBe(200);
  expect((await send('/2')).status).toBe(200);
  await expect(send('/3')).rejects.toThrow();
  await expect(send('/4')).rejects.toThrow();
  expect(done.map(({ path }) => path)).toEqual(['/1', '/2']);
  proxy.heal();
  expect((await send('/5')).status).toBe(200);
});
