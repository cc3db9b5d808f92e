import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FaultyPortal, type Handler } from '../../test/servers/portal.ts';
import { Source } from '../contracts/params.ts';
import { collectSource } from './collect-source.ts';
import type { Timing } from './retry.ts';

const ROWS = Array.from({ length: 7 }, (_, n) => ({ day: n + 1, cases: n * 10 }));

let portal: FaultyPortal;
let scratch: string;

beforeAll(async () => {
  portal = await FaultyPortal.start();
});
afterAll(() => portal.close());
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'perennial-'));
  portal.requests.length = 0;
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const answer = (value: unknown) => ({
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
});

async function records(
  url: string,
  source: Record<string, unknown>,
  env: Record<string, string> = {},
  timing?: Timing,
) {
  const params = Source.parse({ urls: [url], retries: 0, ...source });
  const files = await collectSource(params, await mkdtemp(join(scratch, 'one-')), { env, timing });
  expect(files).toHaveLength(1);
  expect(files[0].format).toBe('json');
  const lines = (await readFile(files[0].path, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Pages of three by number, the way most portals do it. */
const byNumber: Handler = (url) => {
  const first = (Number(url.searchParams.get('page')) - 1) * 3;
  return answer({ data: { rows: ROWS.slice(first, first + 3) } });
};

test('reads pages by number until one is shorter than the first', async () => {
  const url = portal.publish('/numbered', byNumber);
  const json = {
    records: 'data.rows',
    query: { unit: 'day' },
    page: { param: 'page', size_param: 'size', size: 3 },
  };
  expect(await records(url, { json })).toEqual(ROWS);
  expect(portal.requests.map((request) => request.url)).toEqual([
    '/numbered?unit=day&page=1&size=3',
    '/numbered?unit=day&page=2&size=3',
    '/numbered?unit=day&page=3&size=3',
  ]);
});

test('an API that gives fewer than asked for is still read to its end', async () => {
  const url = portal.publish('/capped', byNumber);
  const json = { records: 'data.rows', page: { param: 'page', size: 1000 } };
  expect(await records(url, { json })).toEqual(ROWS);
});

test('pages by offset go on where the last one ended; an empty one ends it', async () => {
  const url = portal.publish('/offset', (url) => {
    const first = Number(url.searchParams.get('skip'));
    return answer(ROWS.slice(0, 6).slice(first, first + 2));
  });
  const json = { page: { param: 'skip', kind: 'offset', start: 0, size: 2 } };
  expect(await records(url, { json })).toEqual(ROWS.slice(0, 6));
  expect(portal.requests.map((request) => request.url)).toEqual(
    [0, 2, 4, 6].map((skip) => `/offset?skip=${skip}`),
  );
});

test('follows the address of the next page, also a relative one', async () => {
  const url = portal.publish('/next', (url) => {
    const at = Number(url.searchParams.get('at') ?? 0);
    return answer({ rows: [ROWS[at]], links: { next: at < 2 ? `?at=${at + 1}` : null } });
  });
  expect(await records(url, { json: { records: 'rows', next: 'links.next' } })).toEqual(ROWS.slice(0, 3));
});

test('pages without end, and pages that repeat themselves, are refused', async () => {
  const url = portal.publish('/for-ever', (url) => answer([{ n: Number(url.searchParams.get('page')) }]));
  const page = { param: 'page', max_pages: 3 };
  await expect(records(url, { json: { page } })).rejects.toThrow('there are more than 3 pages');

  const same = portal.publish('/same', () => answer(ROWS));
  await expect(records(same, { json: { page } })).rejects.toThrow('page 2 is one that was read already');

  const circle = portal.publish('/circle', () => answer({ rows: ROWS, next: '/circle' }));
  await expect(records(circle, { json: { records: 'rows', next: 'next' } })).rejects.toThrow('page 2 is one');
});

test('all pages together stay within the size limit', async () => {
  const url = portal.publish('/large', (url) =>
    answer([{ n: url.searchParams.get('page'), text: 'x'.repeat(400) }]),
  );
  const json = { page: { param: 'page' } };
  await expect(records(url, { json, max_bytes: 1000 })).rejects.toThrow('body too large');
  expect(portal.requests).toHaveLength(3);
});

test('the key goes into a header or a parameter, and a missing one is named, never shown', async () => {
  const url = portal.publish('/locked', (url, request) => {
    const key = request.headers['x-key'] ?? url.searchParams.get('appid') ?? request.headers.authorization;
    return key === 'k3y' || key === 'Bearer k3y' ? answer(ROWS) : null;
  });
  const env = { WEATHER_KEY: 'k3y' };
  const json = {};
  expect(await records(url, { json, key: { env: 'WEATHER_KEY', header: 'x-key' } }, env)).toEqual(ROWS);
  const inQuery = { json, key: { env: 'WEATHER_KEY', query: 'appid' } };
  expect(await records(url, inQuery, env)).toEqual(ROWS);
  expect(await records(url, { json, key: { env: 'WEATHER_KEY' } }, env)).toEqual(ROWS);
  await expect(records(url, inQuery)).rejects.toMatchObject({
    exitCode: 2,
    message: 'the source needs a key, and the environment variable WEATHER_KEY is not set',
  });

  portal.fail('/locked', { kind: 'status', status: 403 });
  const error: Error = await records(`${url}?token=t0ken`, inQuery, env).catch((thrown) => thrown);
  expect(error.message).toContain('/locked?token=***: answered 403');
  expect(JSON.stringify([error, error.cause, error.stack])).not.toMatch(/k3y|t0ken/);
});

test('the quota holds across pages: with two a minute the third waits for the first to be a minute old', async () => {
  const url = portal.publish('/quota', byNumber);
  let now = 5000;
  const waits: number[] = [];
  const timing: Timing = {
    random: () => 0,
    elapsed: () => {
      now += 1000;
      return now;
    },
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
    },
  };
  const json = { records: 'data.rows', page: { param: 'page' } };
  await records(url, { json, max_requests_per_minute: 2 }, {}, timing);
  // Asked at 6 s, 7 s and 8 s; the third may start at 6 + 60 s.
  expect(waits).toEqual([58_000]);
});

test('what is no JSON, and JSON without records at the path, is said with what was there', async () => {
  const page = portal.publish('/page', '<html>');
  await expect(records(page, { json: {} })).rejects.toThrow('sent a web page (HTML)');
  const text = portal.publish('/text', 'Too many users');
  await expect(records(text, { json: {} })).rejects.toThrow('not JSON, beginning "Too many users"');
  const wrong = portal.publish('/wrong', answer({ error: true, reason: 'no such variable' }));
  await expect(records(wrong, { json: { records: 'hourly' } })).rejects.toThrow(
    'no records at "hourly", which holds error, reason',
  );
});
