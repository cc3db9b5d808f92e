import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultyPortal } from '../../../test/servers/portal.ts';
import { temporaryContext, tree } from '../../../test/stage-context.ts';
import { UpstreamError } from '../../contracts/errors.ts';
import { ingest } from './run.ts';

const LIMIT = 1_000_000;

let portal: FaultyPortal;
let made: Awaited<ReturnType<typeof temporaryContext>>;

beforeEach(async () => {
  portal = await FaultyPortal.start();
  made = await temporaryContext({
    source: { urls: [`${portal.origin}/cases.csv`], max_bytes: LIMIT, retries: 3 },
  });
});
afterEach(async () => {
  await portal.close();
  await made.remove();
});

async function refused(seen: string) {
  const before = await tree(made.context.workspace.root);
  const error = await ingest(made.context).then(
    () => null,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(UpstreamError);
  expect(error.message).toContain(seen);
  expect(error.hint).toContain('source.max_bytes');
  expect(await tree(made.context.workspace.root)).toEqual(before);
  expect(portal.requests).toHaveLength(1);
}

const row = Buffer.alloc(LIMIT, '2020-01-01,1\n');

test('a body of exactly the limit is taken, one byte more is not', async () => {
  portal.publish('/cases.csv', row);
  expect((await ingest(made.context)).snapshot.files[0].bytes).toBe(LIMIT);
  portal.requests.length = 0;
  portal.publish('/cases.csv', Buffer.concat([row, Buffer.from('x')]));
  await refused('body too large: 1000001 bytes announced, at most 1000000 expected (1 attempt)');
});

test('a body of 2 GB that says so is refused before it is read', async () => {
  portal.failForEver('/cases.csv', { kind: 'endless', announced: 2 * 1024 ** 3 });
  await refused('2147483648 bytes announced');
  expect(portal.sent).toBeLessThan(10 * LIMIT);
});

test('a body without end that announces nothing is refused soon after the limit', async () => {
  portal.failForEver('/cases.csv', { kind: 'endless' });
  const before = process.memoryUsage().rss;
  await refused('body too large: more than 1000000 bytes');
  // Socket buffers on both sides hold some megabytes; the rest was never made.
  expect(portal.sent).toBeLessThan(LIMIT + 30_000_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
});

test('content-encoding does not smuggle more through than the limit', async () => {
  const zeros = gzipSync(Buffer.alloc(50 * LIMIT, '1,2\n'));
  expect(zeros.length).toBeLessThan(LIMIT);
  portal.publish('/cases.csv', { body: zeros, headers: { 'content-encoding': 'gzip' } });
  await refused('body too large: more than 1000000 bytes');
});

test('a gz bomb is refused', async () => {
  portal.publish('/cases.csv', gzipSync(Buffer.alloc(50 * LIMIT, '1,2\n')));
  await refused('unpacks to more than 1000000 bytes');
});

test('a zip bomb is refused, also when its weight is spread over its members', async () => {
  const part = new Uint8Array(Buffer.alloc(0.6 * LIMIT, '1,2\n'));
  portal.publish('/cases.csv', Buffer.from(zipSync({ 'a.csv': part, 'b.csv': part })));
  await refused('unpacks to more than 1000000 bytes');
});

test('a body that drips for ever ends with the overall limit', async () => {
  made.context.params.source.timeout_ms = 40; // 30 times that in all
  portal.failForEver('/cases.csv', { kind: 'drip', bytes: 5, everyMs: 10 });
  const before = await tree(made.context.workspace.root);
  await expect(ingest(made.context)).rejects.toThrow('/cases.csv: not finished after 1.2 s in all');
  expect(await tree(made.context.workspace.root)).toEqual(before);
});
