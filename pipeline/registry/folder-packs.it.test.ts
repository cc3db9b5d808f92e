import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MortalChild, mortalChild } from '../../test/mortal-child.ts';
import { folderRegistry } from './folder.ts';
import { verifyPack } from './pack.ts';
import { samplePack } from './sample-bundle.testing.ts';

const folders: string[] = [];
let publisher: MortalChild;
beforeAll(async () => {
  publisher = await mortalChild(fileURLToPath(new URL('publish-child.testing.ts', import.meta.url)));
});
afterAll(() =>
  Promise.all([publisher?.remove(), ...folders.map((folder) => rm(folder, { recursive: true }))]),
);

/** A registry with packs a, b and c, and what a process left that published d until it died.
 *  @param dieAt which of the things done to the folder is its last one; 0: it lives */
async function diedAt(dieAt: number) {
  const folder = await mkdtemp(join(tmpdir(), 'packs-'));
  folders.push(folder);
  const registry = folderRegistry(folder, { model: 'infections', now: () => new Date(0), staleLockMs: 2000 });
  for (const content of ['a', 'b', 'c']) await registry.publishPack(samplePack(content));
  return { folder, registry, child: await publisher.run([folder, 'd'], { dieAt, under: folder }) };
}

it('leaves the pack of before or the new one whole, killed at whichever write, and goes on after it', async () => {
  const writes = (await diedAt(0)).child.writes ?? 0;
  // Folders, three files, their place, the pointer, what goes: each of them.
  expect(writes).toBeGreaterThan(10);
  const [before, next, last] = ['c', 'd', 'e'].map((content) => verifyPack(samplePack(content)).id);

  const outcomes: string[] = [];
  const deaths = Array.from({ length: writes }, (_, index) => index + 1);
  const worker = async () => {
    for (let dieAt = deaths.shift(); dieAt !== undefined; dieAt = deaths.shift()) {
      const { folder, registry, child } = await diedAt(dieAt);
      expect(child.killed).toBe(true);
      const found = (await registry.newestPack(null))?.id;
      outcomes.push(found === before ? 'old' : found === next ? 'new' : `${found}`);

      await registry.publishPack(samplePack('e'));
      expect((await registry.newestPack(next))?.id).toBe(last);
      const left = await readdir(join(folder, 'pack'));
      // What the killed one left is gone: at most three packs, the pointer.
      expect(left.filter((name) => /^[0-9a-f]{64}$/.test(name)).length).toBeLessThanOrEqual(3);
      expect(left.filter((name) => name.startsWith('.new-'))).toEqual([]);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  expect(new Set(outcomes)).toEqual(new Set(['old', 'new']));
  expect(outcomes).toHaveLength(writes);
}, 300_000);
