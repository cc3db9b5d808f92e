import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Portal, startPortal } from './portal.ts';

const OPTIONS = { state: '10', seed: 5, days: 60 }; // Delaware: three counties

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** By node:http, which neither unpacks nor follows anything by itself. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, timeout: 5_000 }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on('error', reject).end();
  });
}

describe('the embedded portal', () => {
  let portal: Portal;
  beforeAll(async () => {
    portal = await startPortal({ ...OPTIONS, day: 0 });
  });
  afterAll(() => portal.close());

  it('serves the file with what a conditional request needs', async () => {
    const { status, headers, body } = await ask(portal.url);
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/csv');
    expect(headers['last-modified']).toBe('Tue, 30 Jun 2026 22:00:00 GMT');
    expect(body.length).toBe(Number(headers['content-length']));
    expect(portal.day.toISOString()).toBe('2026-06-30T22:00:00.000Z');
  });

  it('answers 304 without a body to its own tag, plain or gzip, and 200 to another', async () => {
    const plain = String((await ask(portal.url)).headers.etag);
    const zipped = String((await ask(portal.url, { 'accept-encoding': 'gzip' })).headers.etag);
    expect(zipped).not.toBe(plain);
    for (const tag of [plain, zipped, `"other", ${plain}`, '*']) {
      const { status, body } = await ask(portal.url, { 'if-none-match': tag });
      expect([status, body.length]).toEqual([304, 0]);
    }
    expect((await ask(portal.url, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('answers 304 to its own date and to later ones, 200 to an earlier one', async () => {
    const asked = async (since: string) => (await ask(portal.url, { 'if-modified-since': since })).status;
    expect(await asked('Tue, 30 Jun 2026 22:00:00 GMT')).toBe(304);
    expect(await asked('Tue, 30 Jun 2026 21:59:59 GMT')).toBe(200);
  });

  it('believes the tag where tag and date disagree', async () => {
    const { status } = await ask(portal.url, {
      'if-none-match': '"other"',
      'if-modified-since': 'Fri, 31 Jul 2026 22:00:00 GMT',
    });
    expect(status).toBe(200);
  });

  it('sends gzip only where it is accepted, with the same content', async () => {
    const plain = await ask(portal.url, { 'accept-encoding': 'gzip;q=0, identity' });
    const zipped = await ask(portal.url, { 'accept-encoding': 'gzip, br' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  });

  it('answers HEAD with the headers alone, and refuses to be written to', async () => {
    const { status, headers, body } = await ask(portal.url, {}, 'HEAD');
    expect([status, body.length]).toEqual([200, 0]);
    expect(Number(headers['content-length'])).toBeGreaterThan(1_000);
    expect((await ask(portal.url, {}, 'POST')).status).toBe(405);
    expect((await ask(new URL('/other', portal.url).href)).status).toBe(404);
  });

  it('has the places with the codes of the data', async () => {
    const places = JSON.parse((await ask(portal.placesUrl)).body.toString());
    expect(places.features.map((one: { properties: { code: string } }) => one.properties.code)).toEqual([
      '10001',
      '10003',
      '10005',
    ]);
  });

  it('has another tag a day later', async () => {
    const later = await startPortal({ ...OPTIONS, day: 1 });
    try {
      expect((await ask(later.url)).headers.etag).not.toBe((await ask(portal.url)).headers.etag);
    } finally {
      await later.close();
    }
  });
});
