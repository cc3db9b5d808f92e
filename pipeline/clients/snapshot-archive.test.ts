import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { tree } from '../../test/stage-context.ts';
import { CorruptError } from '../contracts/errors.ts';
import { leaveDaily, leaveSnapshot } from './sample-snapshots.testing.ts';
import { packSnapshots } from './snapshot-archive.ts';
import { folderName, freeMoment, newestSnapshot } from './snapshot-folder.ts';
import { listSnapshots, snapshotFiles, verifySnapshot } from './snapshot-store.ts';

const folders: string[] = [];
let raw: string;

beforeEach(async () => {
  raw = join(await folder(), 'raw');
});
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

describe('packSnapshots', () => {
  it('makes one archive of each closed month and leaves the newest month in folders', async () => {
    await leaveDaily(raw, '2025-01-30', 35); // to 5 March
    const before = await listSnapshots(raw);
    const packed = await packSnapshots(raw);
    expect(packed.map(({ archive, snapshots }) => [archive, snapshots])).toEqual([
      ['2025-01.zip', 2],
      ['2025-02.zip', 28],
    ]);
    expect((await readdir(raw)).sort()).toEqual([
      '2025-01.zip',
      '2025-02.zip',
      ...[1, 2, 3, 4, 5].map((day) => `2025-03-0${day}T22-00-00.000Z`),
    ]);
    const after = await listSnapshots(raw);
    expect(after.map(({ stamp }) => stamp)).toEqual(before.map(({ stamp }) => stamp));
    for (const one of after) await verifySnapshot(one);
    expect((await newestSnapshot(raw))?.snapshot.collected_at).toBe('2025-03-05T22:00:00.000Z');
  });

  it('touches nothing where nothing is to be packed, or nothing is there', async () => {
    expect(await packSnapshots(raw)).toEqual([]);
    await leaveDaily(raw, '2025-01-30', 5);
    await packSnapshots(raw);
    const before = await tree(raw);
    expect(await packSnapshots(raw)).toEqual([]);
    expect(await tree(raw)).toEqual(before);
  });

  it('leaves a month that is alone as it is, however old', async () => {
    await leaveDaily(raw, '2019-01-01', 3);
    expect(await packSnapshots(raw)).toEqual([]);
    expect(await readdir(raw)).toHaveLength(3);
  });

  it('gives the same bytes in any time zone, now and in a year, on this machine and on another', async () => {
    const hashes: string[] = [];
    const zone = process.env.TZ;
    try {
      for (const TZ of ['Asia/Tokyo', 'America/St_Johns']) {
        process.env.TZ = TZ;
        const place = join(await folder(), 'raw');
        await leaveDaily(place, '2025-01-30', 3);
        await packSnapshots(place);
        hashes.push(await sha256(join(place, '2025-01.zip')));
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
    expect(hashes[1]).toBe(hashes[0]);
    // What another machine came to.
    expect(hashes[0]).toBe('768857298cda3c9d88aec9790859cd07f450c12c44ac10d5ba99342f6ba48c0a');
  });

  it('adds a snapshot that comes late, to the same bytes as if it had been in time', async () => {
    await leaveDaily(raw, '2025-01-29', 4);
    const inTime = join(await folder(), 'raw');
    await cp(raw, inTime, { recursive: true });
    await packSnapshots(inTime);
    const late = '2025-01-30T22:00:00.000Z';
    await rm(join(raw, folderName(late)), { recursive: true });
    await packSnapshots(raw);
    await leaveSnapshot(raw, late);
    expect(await packSnapshots(raw)).toMatchObject([{ archive: '2025-01.zip', snapshots: 1 }]);
    expect(await tree(raw)).toEqual(await tree(inTime));
  });

  it('splits a month that is too large, a late one with it, and never a snapshot', async () => {
    for (const day of ['01', '02', '03', '04'])
      await leaveSnapshot(raw, `2025-01-${day}T00:00:00.000Z`, { 'a.csv': day.repeat(1000) });
    await leaveSnapshot(raw, '2025-01-05T00:00:00.000Z', { 'a.csv': '0'.repeat(9000) });
    await leaveSnapshot(raw, '2025-02-01T00:00:00.000Z');
    await packSnapshots(raw, { maxBytes: 5000 });
    const archives = async () => (await readdir(raw)).filter((name) => name.endsWith('.zip')).sort();
    expect(await archives()).toEqual(['2025-01.2.zip', '2025-01.3.zip', '2025-01.zip']);
    await leaveSnapshot(raw, '2025-01-06T00:00:00.000Z', { 'a.csv': 'late' });
    await packSnapshots(raw, { maxBytes: 5000 });
    expect(await archives()).toContain('2025-01.4.zip');
    const all = await listSnapshots(raw);
    expect(all.map(({ stamp }) => stamp.slice(0, 10))).toEqual([
      ...['01', '02', '03', '04', '05', '06'].map((day) => `2025-01-${day}`),
      '2025-02-01',
    ]);
    for (const one of all) await verifySnapshot(one);
  });

  it.each([
    ['one bit of a file', (path: string) => flip(path, 'cases\n2025-01-30')],
    ['its end', async (path: string) => truncate(path, (await readFile(path)).length - 30)],
    ['everything', (path: string) => writeFile(path, '')],
  ])('names an archive that lost %s, and deletes nothing', async (_what, damage) => {
    await leaveDaily(raw, '2025-01-30', 3);
    await packSnapshots(raw);
    await damage(join(raw, '2025-01.zip'));
    await leaveSnapshot(raw, '2025-01-15T00:00:00.000Z');
    const before = await tree(raw);
    const failure = await packSnapshots(raw).catch((error) => error);
    expect(failure).toBeInstanceOf(CorruptError);
    expect(failure.message).toContain('2025-01.zip');
    expect(failure.hint).toMatch(/nothing was deleted/);
    expect(await tree(raw)).toEqual(before);
  });

  it('names a snapshot that is not what was collected, before it is packed', async () => {
    await leaveDaily(raw, '2025-01-30', 3);
    await writeFile(join(raw, '2025-01-31T22-00-00.000Z', 'cases.csv'), 'date,cases\n2025-01-31,6\n');
    const before = await tree(raw);
    await expect(packSnapshots(raw)).rejects.toThrow(
      /2025-01-31T22-00-00.000Z holds another cases.csv than was collected/,
    );
    expect(await tree(raw)).toEqual(before);
  });

  it('removes the folder that a killed run left beside its archive, unless the two differ', async () => {
    await leaveDaily(raw, '2025-01-30', 3);
    await packSnapshots(raw);
    const whole = await tree(raw);
    await leaveSnapshot(raw, '2025-01-30T22:00:00.000Z');
    await rm(join(raw, '2025-01-30T22-00-00.000Z', 'cases.csv'));
    expect(await packSnapshots(raw)).toEqual([]);
    expect(await tree(raw)).toEqual(whole);
    await leaveSnapshot(raw, '2025-01-30T22:00:00.000Z', { 'cases.csv': 'another' });
    await expect(packSnapshots(raw)).rejects.toThrow(/2025-01.zip and the folder of that name differ/);
  });

  it('leaves alone what is no whole snapshot of ours', async () => {
    await leaveDaily(raw, '2025-01-30', 3);
    await mkdir(join(raw, '2025-01-01T00-00-00.000Z', 'notes'), { recursive: true });
    await mkdir(join(raw, '2025-01-02T00-00-00.000Z'));
    await packSnapshots(raw);
    expect(await readdir(raw)).toEqual(
      expect.arrayContaining(['2025-01-01T00-00-00.000Z', '2025-01-02T00-00-00.000Z']),
    );
  });
});

describe('snapshotFiles', () => {
  it('gives an archived snapshot as a folder, checked, and one in a folder as it is', async () => {
    await leaveDaily(raw, '2025-01-31', 2);
    const content = { 'a.csv': 'x', 'ü-b.csv': 'y' };
    await leaveSnapshot(raw, '2025-01-02T00:00:00.000Z', content);
    await packSnapshots(raw);
    const scratch = await folder();
    const archived = await snapshotFiles(raw, '2025-01-02T00-00-00.000Z', scratch);
    expect(archived?.snapshot.files.map(({ name }) => name)).toEqual(Object.keys(content));
    expect(await readFile(join(archived!.directory, 'ü-b.csv'), 'utf8')).toBe('y');
    const newest = await snapshotFiles(raw, '2025-02-01T22-00-00.000Z', scratch);
    expect(newest?.directory).toBe(join(raw, '2025-02-01T22-00-00.000Z'));
    expect(await snapshotFiles(raw, '2024-02-01T22-00-00.000Z', scratch)).toBeNull();
  });

  it('refuses bytes that are not what was collected', async () => {
    await leaveDaily(raw, '2025-01-31', 2);
    await packSnapshots(raw);
    await flip(join(raw, '2025-01.zip'), 'cases\n2025');
    await expect(snapshotFiles(raw, '2025-01-31T22-00-00.000Z', await folder())).rejects.toThrow(
      CorruptError,
    );
  });
});

it('never gives the moment of an archived snapshot to another', async () => {
  await leaveDaily(raw, '2025-01-31', 2);
  await packSnapshots(raw);
  expect(await freeMoment(raw, new Date('2025-01-31T22:00:00.000Z'))).toBe('2025-01-31T22:00:00.001Z');
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'archive-'));
  folders.push(path);
  return path;
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** One bit of the first byte of `at`. */
async function flip(path: string, at: string): Promise<void> {
  const bytes = await readFile(path);
  const index = bytes.indexOf(at);
  expect(index).toBeGreaterThan(0);
  bytes[index] ^= 1;
  await writeFile(path, bytes);
}
