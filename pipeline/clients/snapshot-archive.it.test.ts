import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MortalChild, mortalChild } from '../../test/mortal-child.ts';
import { tree } from '../../test/stage-context.ts';
import { dvcBinary } from './dvc.ts';
import { leaveDaily, leaveSnapshot } from './sample-snapshots.testing.ts';
import { packSnapshots } from './snapshot-archive.ts';
import { listSnapshots, verifySnapshot } from './snapshot-store.ts';

const folders: string[] = [];
let raw: string;
let child: MortalChild;

beforeAll(async () => {
  child = await mortalChild(fileURLToPath(new URL('snapshot-archive-child.testing.ts', import.meta.url)));
  // Two closed months, of which one has an archive that a late snapshot joins.
  raw = join(await folder(), 'raw');
  await leaveDaily(raw, '2025-01-30', 2);
  await leaveSnapshot(raw, '2025-02-10T00:00:00.000Z', { 'a.csv': 'a', 'b.csv': 'b' });
  await packSnapshots(raw);
  await leaveSnapshot(raw, '2025-01-15T00:00:00.000Z');
  await leaveSnapshot(raw, '2025-03-01T00:00:00.000Z');
});
afterAll(() =>
  Promise.all([child?.remove(), ...folders.map((path) => rm(path, { recursive: true, force: true }))]),
);

it('killed at one write or another, loses nothing, doubles nothing, and is completed by the next call', async () => {
  const whole = await copy();
  const operations = await run(whole, 0);
  expect(operations).toBeGreaterThan(15);
  const expected = await tree(whole);
  expect(Object.keys(expected).sort()).toEqual([
    '2025-01.zip',
    '2025-02.zip',
    '2025-03-01T00-00-00.000Z',
    '2025-03-01T00-00-00.000Z/cases.csv',
    '2025-03-01T00-00-00.000Z/snapshot.json',
  ]);
  // Every other, the last among them: each takes a process of its own.
  const moments = Array.from({ length: Math.ceil(operations / 2) }, (_, index) => operations - 2 * index);
  while (moments.length > 0) {
    await Promise.all(
      moments.splice(0, 4).map(async (dieAt) => {
        const killed = await copy();
        await run(killed, dieAt);
        const stored = await listSnapshots(killed);
        // Half removed ones have a whole twin in the archive, which is the one that is listed.
        expect(stored.map(({ stamp }) => stamp.slice(0, 10))).toEqual([
          ...['2025-01-15', '2025-01-30', '2025-01-31'],
          ...['2025-02-10', '2025-03-01'],
        ]);
        for (const one of stored) await verifySnapshot(one);
        await packSnapshots(killed);
        expect(await tree(killed)).toEqual(expected);
      }),
    );
  }
}, 300_000);

it('holds no snapshot in memory: one of 200 MB needs little more than a small one', async () => {
  const place = join(await folder(), 'raw');
  await leaveSnapshot(place, '2025-02-01T00:00:00.000Z');
  await leaveSnapshot(place, '2025-01-01T00:00:00.000Z');
  const small = await memory(place);
  await leaveSnapshot(place, '2025-01-02T00:00:00.000Z', { 'large.csv': 'x'.repeat(200_000_000) });
  const large = await memory(place);
  expect(large - small).toBeLessThan(100_000_000);
});

it('keeps ten years of daily snapshots, pushed through DVC, under 2,000 objects', async () => {
  const root = await folder();
  const place = join(root, 'data', 'm', 'raw');
  await leaveDaily(place, '2016-01-01', 3650);
  expect((await readdir(place)).length).toBe(3650);
  await packSnapshots(place);
  expect(await listSnapshots(place)).toHaveLength(3650);
  await writeFile(join(root, 'data', 'm', 'observations.parquet'), 'observations');
  const dvc = (...args: string[]) => execa(dvcBinary(), args, { cwd: root, timeout: 60_000 });
  await dvc('init', '--no-scm', '--quiet');
  const remote = join(root, 'remote');
  await dvc('remote', 'add', '--default', '--quiet', 'home', remote);
  await dvc('add', '--quiet', 'data');
  await dvc('push', '--quiet');
  const objects = (await readdir(remote, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  expect(objects.length).toBeLessThan(2000);
}, 300_000);

/** @returns how many things the child did to the file system */
async function run(place: string, dieAt: number): Promise<number> {
  const { killed, exitCode, writes } = await child.run([place], { dieAt, under: place });
  // Streams write in more or fewer pieces: at the last moments one may have ended before.
  if (dieAt > 0 && exitCode !== 0) expect(killed).toBe(true);
  return writes ?? 0;
}

/** Bytes at most. */
async function memory(place: string): Promise<number> {
  const { stdout } = await execa('node', [child.file, place, 'memory'], { timeout: 60_000 });
  return Number(stdout);
}

async function copy(): Promise<string> {
  const to = join(await folder(), 'raw');
  await cp(raw, to, { recursive: true });
  return to;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'archive-'));
  folders.push(path);
  return path;
}
