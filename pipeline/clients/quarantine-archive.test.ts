import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tree } from '../../test/stage-context.ts';
import { CorruptError } from '../contracts/errors.ts';
import { packQuarantine, unpackQuarantine } from './quarantine-archive.ts';

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'quarantine-'));
  folder = join(root, 'quarantine');
  await mkdir(folder);
  for (const day of ['2025-01-30', '2025-01-31', '2025-02-01']) await leave(day, `rows of ${day}`);
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('packs closed months and takes them apart again, byte for byte', async () => {
  const before = await tree(folder);
  expect(await packQuarantine(folder)).toEqual(['2025-01.zip']);
  expect(await readdir(folder)).toEqual(['2025-01.zip', fileOf('2025-02-01')]);
  expect(await packQuarantine(folder)).toEqual([]);
  await unpackQuarantine(folder);
  expect(await tree(folder)).toEqual(before);
});

it('knows nothing to do where nothing is there', async () => {
  expect(await packQuarantine(join(root, 'none'))).toEqual([]);
  await unpackQuarantine(join(root, 'none'));
  expect(await readdir(root)).toEqual(['quarantine']);
});

it('takes a file beside its archive for the newer one, and keeps the others', async () => {
  await packQuarantine(folder);
  await leave('2025-01-31', 'tried again');
  await leave('2025-01-10', 'late');
  await packQuarantine(folder);
  await unpackQuarantine(folder);
  const read = (day: string) => readFile(join(folder, fileOf(day)), 'utf8');
  expect(await Promise.all(['2025-01-10', '2025-01-30', '2025-01-31'].map(read))).toEqual([
    'late',
    'rows of 2025-01-30',
    'tried again',
  ]);
});

it('goes on where a run was killed: files beside a whole archive, or half of one', async () => {
  await packQuarantine(folder);
  const whole = await tree(folder);
  await leave('2025-01-30', 'rows of 2025-01-30');
  await writeFile(join(folder, '.packing.zip'), 'half');
  await writeFile(join(folder, '.unpacking'), 'half');
  await packQuarantine(folder);
  expect(await tree(folder)).toEqual(whole);
});

it('names an archive that is damaged, and deletes nothing', async () => {
  await packQuarantine(folder);
  await truncate(join(folder, '2025-01.zip'), 100);
  await leave('2025-01-10', 'late');
  const before = await tree(folder);
  for (const work of [packQuarantine, unpackQuarantine]) {
    const error = await work(folder).catch((reason) => reason);
    expect(error).toBeInstanceOf(CorruptError);
    expect(error.message).toContain('2025-01.zip');
  }
  expect(await tree(folder)).toEqual(before);
});

function leave(day: string, text: string): Promise<void> {
  return writeFile(join(folder, fileOf(day)), text);
}

function fileOf(day: string): string {
  return `${day}T22-00-00.000Z.csv`;
}
