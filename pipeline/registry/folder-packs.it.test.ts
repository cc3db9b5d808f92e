import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, expect, it } from 'vitest';
import { folderRegistry } from './folder.ts';
import { verifyPack } from './pack.ts';
import { samplePack } from './sample-bundle.testing.ts';

const at = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** @param dieAt which of the things done to the folder is its last one; 0: it lives */
async function publish(folder: string, content: string, dieAt: number) {
  return execa(
    process.execPath,
    [
      ...['--import', 'tsx', '--import', at('../../test/dies-at-write.ts')],
      ...[at('./publish-child.testing.ts'), folder, content],
    ],
    { reject: false, timeout: 60_000, env: { DIE_AT: String(dieAt), DIE_UNDER: folder } },
  );
}

it('leaves the pack of before or the new one whole, killed at whichever write, and goes on after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'packs-'));
  folders.push(folder);
  const registry = folderRegistry(folder, { model: 'infections', now: () => new Date(0), staleLockMs: 2000 });
  for (const content of ['a', 'b', 'c']) await registry.publishPack(samplePack(content));
  const writes = Number((await publish(folder, 'd', 0)).stdout);
  // Folders, two files and a manifest, three renames, a pointer, what goes: each of them.
  expect(writes).toBeGreaterThan(10);

  let before = verifyPack(samplePack('d')).id;
  const outcomes = new Set<string>();
  for (let dieAt = 1; dieAt <= writes; dieAt++) {
    const next = samplePack(`pack ${dieAt}`);
    const died = await publish(folder, `pack ${dieAt}`, dieAt);
    expect(died.signal).toBe('SIGKILL');
    const found = await registry.newestPack(null);
    const { id } = verifyPack(next);
    expect([before, id]).toContain(found?.id);
    outcomes.add(found?.id === before ? 'old' : 'new');
    before = found!.id;
  }
  expect(outcomes).toEqual(new Set(['old', 'new']));

  await registry.publishPack(samplePack('last'));
  expect((await registry.newestPack(before))?.id).toBe(verifyPack(samplePack('last')).id);
  // What the killed ones left is gone: three packs, the pointer.
  expect((await readdir(join(folder, 'pack'))).filter((name) => !name.startsWith('.'))).toHaveLength(4);
  expect((await readdir(join(folder, 'pack'))).filter((name) => name.startsWith('.new-'))).toEqual([]);
}, 300_000);
