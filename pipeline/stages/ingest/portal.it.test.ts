import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultyPortal } from '../../../test/servers/portal.ts';
import { temporaryContext, tree } from '../../../test/stage-context.ts';
import type { Timing } from '../../clients/retry.ts';
import { UpstreamError } from '../../contracts/errors.ts';
import { Snapshot, SourceState } from '../../contracts/snapshot.ts';
import { readJson, writeJson } from '../../files.ts';
import { ingest } from './run.ts';

const CSV = 'date,region,cases\n2026-02-27,04,3\n2026-02-28,04,5\n';
const NEXT = `${CSV}2026-03-01,04,8\n`;
const DAY = 86_400_000;

let portal: FaultyPortal;
let cleanUp: (() => Promise<void>)[] = [];

beforeEach(async () => {
  portal = await FaultyPortal.start();
  cleanUp = [() => portal.close()];
});
afterEach(async () => {
  for (const each of cleanUp) await each();
});

async function setUp(source: Record<string, unknown> = {}) {
  const url = portal.publish('/cases.csv', CSV);
  const made = await temporaryContext({ source: { urls: [url], timeout_ms: 10_000, ...source } });
  cleanUp.push(made.remove);
  const waits: number[] = [];
  const timing: Timing = {
    sleep: async (ms) => {
      waits.push(ms);
    },
    random: () => 0.5,
    elapsed: () => 0,
  };
  return { ...made, url, waits, options: { timing }, root: made.context.workspace.root };
}

describe('a portal that publishes', () => {
  test('keeps the raw bytes, stamped with the collection time, and remembers how to ask again', async () => {
    const { context, options, root } = await setUp();
    portal.publish('/cases.csv', { body: CSV, etag: '"one"', lastModified: 'Sun, 01 Mar 2026 17:00:00 GMT' });
    const { state, snapshot, directory, silent } = await ingest(context, options);

    expect(state).toBe('new');
    expect(silent).toBeNull();
    expect(directory).toBe(join(root, 'data/m/raw/2026-03-01T18-30-00.000Z'));
    expect(await readFile(join(directory, 'cases.csv'), 'utf8')).toBe(CSV);
    expect(await readJson(join(directory, 'snapshot.json'), Snapshot)).toEqual(snapshot);
    expect(snapshot.files[0]).toMatchObject({
      name: 'cases.csv',
      bytes: CSV.length,
      format: 'csv',
      status: 200,
    });
    expect(await readJson(context.paths.source, SourceState)).toEqual({
      urls: {
        'http://127.0.0.1/cases.csv': {
          etag: '"one"',
          last_modified: 'Sun, 01 Mar 2026 17:00:00 GMT',
          sha256: snapshot.files[0].sha256,
        },
      },
      snapshot,
      last_new_at: '2026-03-01T17:00:00.000Z',
      checked_at: '2026-03-01T18:30:00.000Z',
    });
  });

  test('answers unchanged to a 304, and touches only the moment of the check', async () => {
    const { context, clock, options, root } = await setUp();
    const first = await ingest(context, options);
    const before = await tree(root);
    clock.now = new Date(clock.now.getTime() + DAY);
    const second = await ingest(context, options);

    expect(portal.requests.map(({ status }) => status)).toEqual([200, 304]);
    expect(second).toEqual({ ...first, state: 'unchanged' });
    const after = await tree(root);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after['reports/m/source.json']).toBe(
      before['reports/m/source.json'].replace('"checked_at": "2026-03-01', '"checked_at": "2026-03-02'),
    );
  });

  test('answers unchanged to the same bytes where the portal knows no conditions', async () => {
    const { context, options } = await setUp();
    portal.publish('/cases.csv', { body: CSV, etag: null });
    const first = await ingest(context, options);
    const second = await ingest(context, options);
    expect(portal.requests.map(({ status }) => status)).toEqual([200, 200]);
    expect(second).toEqual({ ...first, state: 'unchanged' });
  });

  test('keeps what is newly published beside the old, and what the gate said of the old', async () => {
    const { context, clock, options } = await setUp();
    const first = await ingest(context, options);
    const state = (await readJson(context.paths.source, SourceState))!;
    const gated = { sha256: first.snapshot.sha256, passed: true };
    const schema = { sha256: first.snapshot.sha256, rows: 2, columns: [] };
    await writeJson(context.paths.source, SourceState, { ...state, gated, schema });

    portal.publish('/cases.csv', NEXT);
    clock.now = new Date(clock.now.getTime() + DAY);
    const second = await ingest(context, options);
    expect(second.state).toBe('new');
    expect(await readFile(join(second.directory, 'cases.csv'), 'utf8')).toBe(NEXT);
    expect(await readFile(join(first.directory, 'cases.csv'), 'utf8')).toBe(CSV);
    const after = (await readJson(context.paths.source, SourceState))!;
    expect(after).toMatchObject({ gated, schema, last_new_at: '2026-03-02T18:30:00.000Z' });
  });

  test('two publications under a clock that stands still are two snapshots', async () => {
    const { context, options } = await setUp();
    await ingest(context, options);
    portal.publish('/cases.csv', NEXT);
    const second = await ingest(context, options);
    expect(second.snapshot.collected_at).toBe('2026-03-01T18:30:00.001Z');
  });

  test('with force it keeps what comes, also the same', async () => {
    const { context, options } = await setUp();
    const first = await ingest(context, options);
    const second = await ingest(context, { ...options, force: true });
    expect(second.state).toBe('new');
    expect(second.snapshot.sha256).toBe(first.snapshot.sha256);
    expect(second.directory).not.toBe(first.directory);
  });

  test('without the data on this machine it still knows what there is', async () => {
    const { context, options } = await setUp();
    const first = await ingest(context, options);
    const state = (await readJson(context.paths.source, SourceState))!;
    await writeJson(context.paths.source, SourceState, {
      ...state,
      gated: { sha256: state.snapshot.sha256, passed: true },
    });
    await rm(context.paths.raw, { recursive: true });
    expect(await ingest(context, options)).toEqual({ ...first, state: 'unchanged' });
  });

  test('bytes that were lost before the gate saw them are fetched again, as known since then', async () => {
    const { context, clock, options } = await setUp();
    const first = await ingest(context, options);
    await rm(context.paths.raw, { recursive: true });
    clock.now = new Date(clock.now.getTime() + DAY);
    expect(await ingest(context, options)).toEqual(first);
    expect(await readFile(join(first.directory, 'cases.csv'), 'utf8')).toBe(CSV);
  });
});

describe('a silent portal', () => {
  test('is reported when it answers 304 for longer than twice its period', async () => {
    const { context, clock, options } = await setUp({ expected_every: '1d' });
    const start = clock.now.getTime();
    await ingest(context, options);
    clock.now = new Date(start + 2 * DAY);
    expect((await ingest(context, options)).silent).toBeNull();
    clock.now = new Date(start + 2 * DAY + 1);
    expect(await ingest(context, options)).toMatchObject({
      state: 'unchanged',
      silent: { since: '2026-03-01T18:30:00.000Z', expected_every: '1d' },
    });
  });

  test('is reported at the first look where its file was last modified long ago', async () => {
    const { context, options } = await setUp();
    portal.publish('/cases.csv', { body: CSV, lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' });
    expect((await ingest(context, options)).silent).toEqual({
      since: '2026-01-01T00:00:00.000Z',
      expected_every: '1d',
    });
  });
});

describe('several addresses', () => {
  test('are one snapshot; those without news are asked again when another has some', async () => {
    const { context, url, options } = await setUp();
    const other = portal.publish('/more/cases.csv', 'date,region,tests\n2026-03-01,04,90\n');
    context.params.source.urls = [url, other];
    const first = await ingest(context, options);
    expect(first.snapshot.files.map(({ name }) => name)).toEqual(['cases.csv', '2-cases.csv']);
    expect((await ingest(context, options)).state).toBe('unchanged');

    portal.publish('/more/cases.csv', 'date,region,tests\n2026-03-01,04,91\n');
    const third = await ingest(context, options);
    expect(third.state).toBe('new');
    expect(await readFile(join(third.directory, 'cases.csv'), 'utf8')).toBe(CSV);
    expect(await readFile(join(third.directory, '2-cases.csv'), 'utf8')).toContain('04,91');
  });

  test('all or nothing: one that fails keeps the other from being touched', async () => {
    const { context, url, options, root } = await setUp();
    const before = await tree(root);
    context.params.source.urls = [url, `${portal.origin}/gone.csv`];
    await expect(ingest(context, options)).rejects.toThrow('/gone.csv: answered 404');
    expect(await tree(root)).toEqual(before);
  });
});

describe('a portal that fails', () => {
  const PAGE = '<html><body>Service temporarily unavailable</body></html>';
  const lasting: [string, Parameters<FaultyPortal['failForEver']>[1], string, number][] = [
    ['401', { kind: 'status', status: 401 }, 'answered 401, expected 200 (1 attempt)', 1],
    ['403', { kind: 'status', status: 403 }, 'answered 403, expected 200 (1 attempt)', 1],
    ['404', { kind: 'status', status: 404 }, 'answered 404, expected 200 (1 attempt)', 1],
    ['410', { kind: 'status', status: 410 }, 'answered 410, expected 200 (1 attempt)', 1],
    ['429 for ever', { kind: 'status', status: 429 }, 'answered 429, expected 200 (3 attempts)', 3],
    ['500 for ever', { kind: 'status', status: 500 }, 'answered 500, expected 200 (3 attempts)', 3],
    [
      '503 that asks for an hour',
      { kind: 'status', status: 503, headers: { 'retry-after': '3600' } },
      'answered 503',
      1,
    ],
    [
      'a time-out before the headers',
      { kind: 'no-headers' },
      'time-out before the answer began (3 attempts)',
      3,
    ],
    [
      'a stall in mid-body',
      { kind: 'stall', after: 10 },
      'time-out in the middle of the body (3 attempts)',
      3,
    ],
    ['a reset in mid-body', { kind: 'reset', after: 10 }, 'broke the connection off', 3],
    [
      'a body shorter than announced',
      { kind: 'truncated', missing: 100 },
      'broke the connection off before the body was whole (3 attempts)',
      3,
    ],
    ['HTML in place of data', { kind: 'html' }, 'sent a web page (HTML) in place of data', 1],
    [
      'HTML called CSV',
      { kind: 'status', status: 200, headers: { 'content-type': 'text/csv' }, body: PAGE },
      'sent a web page (HTML)',
      1,
    ],
    ['an empty body', { kind: 'empty' }, 'sent an empty body', 1],
    ['204', { kind: 'status', status: 204 }, 'answered 204, expected 200 (1 attempt)', 1],
    [
      '304 to a question without condition',
      { kind: 'status', status: 304 },
      'answered 304, expected 200 (1 attempt)',
      1,
    ],
    [
      'a redirect to itself',
      { kind: 'status', status: 302, headers: { location: '/cases.csv' } },
      'redirects more than 5 times (1 attempt)',
      6,
    ],
    [
      'a redirect out of the web',
      { kind: 'status', status: 302, headers: { location: 'file:///etc/passwd' } },
      'which is not safe (1 attempt)',
      1,
    ],
    [
      'an unknown encoding',
      { kind: 'status', status: 200, headers: { 'content-encoding': 'lzma' }, body: 'x' },
      'content-encoding "lzma"',
      1,
    ],
    [
      'text called gzip',
      { kind: 'status', status: 200, headers: { 'content-encoding': 'gzip' }, body: CSV },
      'cannot be read: Z_DATA_ERROR',
      1,
    ],
  ];

  test.each(lasting)(
    '%s: says what was seen, where and how often it was tried; nothing is touched',
    async (_, fault, seen, requests) => {
      // What never answers is given little time; the others all they need on a busy machine.
      const timeout_ms = fault.kind === 'no-headers' || fault.kind === 'stall' ? 300 : 10_000;
      const { context, url, options, root } = await setUp({ retries: 2, timeout_ms });
      portal.failForEver('/cases.csv', fault);
      const before = await tree(root);
      const error = await ingest(context, options).then(
        () => null,
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(UpstreamError);
      expect(error.message).toContain(url);
      expect(error.message).toContain(seen);
      expect(error.exitCode).toBe(3);
      expect(error.hint.length).toBeGreaterThan(20);
      expect(portal.requests).toHaveLength(requests);
      expect(await tree(root)).toEqual(before);
    },
  );

  test('after a first success, a failure leaves every file as it was', async () => {
    const { context, options, root } = await setUp({ retries: 0 });
    await ingest(context, options);
    const before = await tree(root);
    portal.publish('/cases.csv', NEXT);
    portal.fail('/cases.csv', { kind: 'reset', after: 20 });
    await expect(ingest(context, options)).rejects.toThrow(UpstreamError);
    expect(await tree(root)).toEqual(before);
    expect((await ingest(context, options)).state).toBe('new');
  });

  test('what passes is waited for: twice the base at most, halved by chance, and the body is whole', async () => {
    const { context, options, waits } = await setUp({ retries: 4, timeout_ms: 1_000 });
    portal.fail(
      '/cases.csv',
      { kind: 'status', status: 500 },
      { kind: 'reset', after: 12 },
      { kind: 'no-headers' },
      { kind: 'truncated', missing: 3 },
    );
    const { directory } = await ingest(context, options);
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    expect(await readFile(join(directory, 'cases.csv'), 'utf8')).toBe(CSV);
  });

  test('Retry-After is honoured, in seconds and as a date', async () => {
    const { context, options, waits } = await setUp();
    portal.fail(
      '/cases.csv',
      { kind: 'status', status: 429, headers: { 'retry-after': '7' } },
      { kind: 'status', status: 503, headers: { 'retry-after': 'Sun, 01 Mar 2026 18:31:30 GMT' } },
    );
    await ingest(context, options);
    expect(waits).toEqual([7000, 90_000]);
  });

  test('nobody listens: refused, tried again, and said', async () => {
    const { context, options, waits } = await setUp({ retries: 1 });
    context.params.source.urls = ['http://127.0.0.1:1/cases.csv'];
    await expect(ingest(context, options)).rejects.toThrow(
      '127.0.0.1:1/cases.csv: refuses the connection (2 attempts)',
    );
    expect(waits).toHaveLength(1);
  });

  test('an error in JSON where CSV is expected is no data', async () => {
    const { context, options, root } = await setUp({ format: 'csv' });
    portal.publish('/cases.csv', '{"error":"maintenance"}');
    const before = await tree(root);
    await expect(ingest(context, options)).rejects.toThrow('/cases.csv: looks like json, expected csv');
    expect(await tree(root)).toEqual(before);
  });

  test('a server without TLS behind an https address is not asked twice', async () => {
    const { context, options, waits, root } = await setUp();
    context.params.source.urls = [`${portal.origin.replace('http:', 'https:')}/cases.csv`];
    const before = await tree(root);
    await expect(ingest(context, options)).rejects.toThrow('/cases.csv: TLS fails');
    expect(waits).toEqual([]);
    expect(await tree(root)).toEqual(before);
  });

  test('a caller that gives up is not told that the portal is down', async () => {
    const { context, options, root } = await setUp({ timeout_ms: 5000 });
    const abort = new AbortController();
    const reason = new Error('the run was stopped');
    portal.failForEver('/cases.csv', { kind: 'stall', after: 5 });
    const before = await tree(root);
    setTimeout(() => abort.abort(reason), 100);
    await expect(ingest({ ...context, signal: abort.signal }, options)).rejects.toBe(reason);
    expect(await tree(root)).toEqual(before);
  });
});
