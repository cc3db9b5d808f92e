import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const parts = samplePartsOf(sampleOf());
let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(parts, { guards: false });
});
afterAll(() => app.close());

describe('a path that is served by another method', () => {
  it.each([
    ['POST', '/forecast?tract=001', 'GET, HEAD'],
    ['GET', '/predict', 'POST'],
    ['PUT', '/jobs/some-job', 'DELETE, GET, HEAD'],
    ['PATCH', '/admin/models/infections/pin', 'POST'],
    ['OPTIONS', '/', 'GET, HEAD'],
  ] as const)('%s %s is refused with what is allowed', async (method, url, allow) => {
    const answer = await app.inject({ method, url });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow]);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toMatchObject({ type: 'urn:perennial:problem:method', status: 405 });
    expect(answer.headers['x-model-version']).toBe('v0001');
  });

  it('is told as the protocol tells errors', async () => {
    const answer = await app.inject({ method: 'DELETE', url: '/v2/models/infections/infer' });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
    expect(answer.json()).toEqual({ error: '/v2/models/infections/infer is asked by POST, not by DELETE' });
  });

  it('is told before the body is looked at', async () => {
    const headers = { 'content-type': 'text/plain' };
    for (const method of ['POST', 'QUERY'] as never[])
      expect((await app.inject({ method, url: '/forecast', headers, payload: 'x' })).statusCode).toBe(405);
  });

  it('is none where nothing is served', async () => {
    for (const url of ['/forecasts', '/jobs/a/b', '/predict/'])
      expect((await app.inject({ method: 'PUT', url })).statusCode, url).toBe(404);
    const text = await parts.monitor.registry.metrics();
    expect(text).toContain('perennial_http_requests_total{route="unknown",method="PATCH",status="405"} 1');
  });
});
