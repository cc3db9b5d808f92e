import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BundleFiles } from '../contracts/bundle.ts';
import { Sha256 } from '../contracts/scalars.ts';
import { readJson, writeJson } from '../files.ts';
import { readBundle, writeInto } from './bundle-folder.ts';
import { entries, heldByAnother, removeLeftovers, renamed, scratchIn, underLock } from './folder-lock.ts';
import { KEPT_PACKS, verifyPack } from './pack.ts';

/** Which pack is the newest, and those before it, newest first. */
const Newest = z.strictObject({ id: Sha256, before: z.array(Sha256) });

/** A reader that was overtaken looks again; by more than this many packs at once it never is. */
const ATTEMPTS = 3;

/**
 * Observation packs in a folder:
 *   <id>/…        files of a pack, named by the SHA-256 of its manifest; it appears by one rename and never changes
 *   newest.json   which one is the newest
 * So a process killed at any moment leaves the pack of before, or the new one whole.
 */
export function packsIn(directory: string, staleLockMs: number) {
  const pointer = join(directory, 'newest.json');
  const folderOf = (id: string) => join(directory, id);

  /** @throws CorruptError where it is not what its id says */
  async function load(id: string): Promise<BundleFiles> {
    const files = await readBundle(folderOf(id));
    verifyPack(files, id);
    return files;
  }

  /** Puts a prepared folder in its place; one that is there and whole is the same. */
  async function place(prepared: string, id: string): Promise<void> {
    if (await renamed(prepared, folderOf(id))) return;
    const isWhole = await load(id).then(
      () => true,
      () => false,
    );
    if (isWhole) return;
    const damaged = scratchIn(directory);
    await rename(folderOf(id), damaged);
    await rename(prepared, folderOf(id));
    await rm(damaged, { recursive: true, force: true });
  }

  async function removeAllBut(kept: string[]): Promise<void> {
    for (const name of await entries(directory)) {
      if (!Sha256.safeParse(name).success || kept.includes(name)) continue;
      const gone = scratchIn(directory);
      await rename(folderOf(name), gone);
      await rm(gone, { recursive: true, force: true });
    }
  }

  return {
    async publish(files: BundleFiles): Promise<string> {
      const { id } = verifyPack(files);
      await mkdir(directory, { recursive: true });
      const prepared = scratchIn(directory);
      await writeInto(prepared, files);
      try {
        await underLock(directory, staleLockMs, async (held) => {
          await removeLeftovers(directory);
          await place(prepared, id);
          // One that cannot be read is what this puts right.
          const there = await readJson(pointer, Newest).catch(() => null);
          const known = there ? [there.id, ...there.before] : [];
          const before = known.filter((one) => one !== id).slice(0, KEPT_PACKS - 1);
          if (!held()) throw heldByAnother(directory);
          await writeJson(pointer, Newest, { id, before });
          await removeAllBut([id, ...before]);
        });
      } finally {
        await rm(prepared, { recursive: true, force: true });
      }
      return id;
    },

    async newest(seen: string | null): Promise<{ id: string; files: BundleFiles } | null> {
      for (let attempt = 1; ; attempt++) {
        const id = (await readJson(pointer, Newest))?.id ?? null;
        if (id === null || id === seen) return null;
        try {
          return { id, files: await load(id) };
        } catch (error) {
          // Its files may have gone while they were read.
          const isOvertaken = (await readJson(pointer, Newest))?.id !== id;
          if (!isOvertaken || attempt === ATTEMPTS) throw error;
        }
      }
    },
  };
}
