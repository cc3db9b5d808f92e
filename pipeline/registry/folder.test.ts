import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CorruptError } from '../contracts/errors.ts';
import { folderRegistry } from './folder.ts';
import { registryContract } from './registry-contract.testing.ts';
import { about, sampleBundle, samplePack } from './sample-bundle.testing.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function fresh() {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  folders.push(folder);
  const open = () => folderRegistry(join(folder, 'models'), { model: 'infections', now: () => new Date(0) });
  return { folder: join(folder, 'models'), registry: open(), another: open() };
}

registryContract('a folder', fresh);

describe('the folder registry', () => {
  it('names the file of a version that is not what it was, whoever asks', async () => {
    const { folder, registry } = await fresh();
    await registry.register(sampleBundle('one').files, about);
    await registry.setAlias('champion', 'v0001', null);
    await writeFile(join(folder, 'v0001', 'bundle', 'schema.json'), '{}');
    for (const ask of [
      () => registry.version('v0001'),
      () => registry.bundle('v0001'),
      () => registry.alias('champion'),
    ])
      await expect(ask()).rejects.toThrow(/schema\.json/);
    // Where it points can still be told, and moved.
    expect(await registry.pointer('champion')).toBe('v0001');
  });

  it('calls a version without its facts, and an alias that points nowhere, corrupt', async () => {
    const { folder, registry } = await fresh();
    await mkdir(join(folder, 'v0001'), { recursive: true });
    await expect(registry.versions()).rejects.toThrow(CorruptError);
    await writeFile(join(folder, 'champion.json'), '{"version":"v0007"}');
    await expect(registry.alias('champion')).rejects.toThrow(CorruptError);
    await writeFile(join(folder, 'champion.json'), '{"version":"../../etc"}');
    await expect(registry.alias('champion')).rejects.toThrow(CorruptError);
  });

  it('counts on beyond v9999 in the order of the numbers', async () => {
    const { folder, registry } = await fresh();
    const one = await registry.register(sampleBundle('one').files, about);
    for (const version of ['v9999', 'v10000']) {
      await mkdir(join(folder, version));
      await writeFile(
        join(folder, version, 'version.json'),
        JSON.stringify({ ...one, version, digest: 'e'.repeat(64) }),
      );
    }
    expect((await registry.register(sampleBundle('two').files, about)).version).toBe('v10001');
  });

  it('takes the next number where another process took this one, although we held the lock', async () => {
    const { folder, registry } = await fresh();
    const other = { ...(await registry.register(sampleBundle('one').files, about)), digest: 'e'.repeat(64) };
    let stoodStill = false;
    // What happens while a process stands still for longer than its lock lives.
    const now = () => {
      if (stoodStill) return new Date(0);
      stoodStill = true;
      mkdirSync(join(folder, 'v0002'));
      writeFileSync(join(folder, 'v0002', 'version.json'), JSON.stringify({ ...other, version: 'v0002' }));
      return new Date(0);
    };
    const slow = folderRegistry(folder, { model: 'infections', now });
    expect((await slow.register(sampleBundle('two').files, about)).version).toBe('v0003');
    expect((await registry.versions()).map(({ version }) => version)).toEqual(['v0001', 'v0002', 'v0003']);
  });

  it('keeps the three newest packs, and names the file of one that is not what it was', async () => {
    const { folder, registry } = await fresh();
    const ids: string[] = [];
    for (const content of ['a', 'b', 'c', 'd', 'e'])
      ids.push(await registry.publishPack(samplePack(content)));
    expect((await readdir(join(folder, 'pack'))).sort()).toEqual([...ids.slice(2), 'newest.json'].sort());
    await writeFile(join(folder, 'pack', ids[4], 'forecasts.json'), '{}');
    await expect(registry.newestPack(null)).rejects.toThrow(/forecasts\.json is not the file/);
    // Who has it already is not troubled.
    expect(await registry.newestPack(ids[4])).toBeNull();
    // Published again it is whole again.
    await registry.publishPack(samplePack('e'));
    expect((await registry.newestPack(null))?.id).toBe(ids[4]);
    await writeFile(join(folder, 'pack', 'newest.json'), '{"id":"../../etc"}');
    await expect(registry.newestPack(null)).rejects.toThrow(CorruptError);
    await registry.publishPack(samplePack('f'));
    expect((await registry.newestPack(null))?.id).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes away what a killed process left, and leaves what a living one writes', async () => {
    const { folder, registry } = await fresh();
    await mkdir(join(folder, '.new-999999999-dead'), { recursive: true });
    await mkdir(join(folder, `.new-${process.pid}-alive`));
    await registry.register(sampleBundle('one').files, about);
    expect((await readdir(folder)).sort()).toEqual([`.new-${process.pid}-alive`, 'v0001']);
  });
});
