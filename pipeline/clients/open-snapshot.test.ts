import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CorruptError } from '../contracts/errors.ts';
import { Source } from '../contracts/params.ts';
import { openSnapshot } from './open-snapshot.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function snapshotOf(files: Record<string, Buffer>, format: 'csv' | 'json') {
  const described = [];
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(root, name), bytes);
    const url = `https://h.org/${name}`;
    described.push({ name, url, bytes: bytes.length, sha256: sha256(bytes), format, headers: {} });
  }
  return { collected_at: '2026-03-01T00:00:00.000Z', files: described, sha256: sha256(Buffer.from('all')) };
}

test('what is plain is opened where it lies, what is compressed beside it', async () => {
  const snapshot = await snapshotOf(
    { 'a.csv': Buffer.from('n\n1\n'), 'b.csv.gz': gzipSync('n\n2\n') },
    'csv',
  );
  const scratch = join(root, 'scratch');
  const files = await openSnapshot(root, snapshot, Source.parse({ urls: ['x'] }), scratch);
  expect(files[0]).toEqual({ path: join(root, 'a.csv'), name: 'a.csv', format: 'csv' });
  expect(files[1].path.startsWith(scratch)).toBe(true);
  expect(await readFile(files[1].path, 'utf8')).toBe('n\n2\n');
});

test('pages become one file of records, in their order', async () => {
  const pages = {
    'p-0001.json': Buffer.from('{"d":[{"n":1},{"n":2}]}'),
    'p-0002.json': Buffer.from('{"d":[{"n":3}]}'),
  };
  const snapshot = await snapshotOf(pages, 'json');
  const source = Source.parse({ urls: ['x'], json: { records: 'd' } });
  const files = await openSnapshot(root, snapshot, source, join(root, 'scratch'));
  expect(files).toHaveLength(1);
  expect(await readFile(files[0].path, 'utf8')).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
});

test('a file that is not as long as its snapshot says, or is gone, is corrupt', async () => {
  const snapshot = await snapshotOf({ 'a.csv': Buffer.from('n\n1\n') }, 'csv');
  const open = () => openSnapshot(root, snapshot, Source.parse({ urls: ['x'] }), join(root, 'scratch'));
  await writeFile(join(root, 'a.csv'), 'n\n1');
  await expect(open()).rejects.toThrow('a.csv has 3 bytes, its snapshot says 4');
  await rm(join(root, 'a.csv'));
  await expect(open()).rejects.toThrow(CorruptError);
});
