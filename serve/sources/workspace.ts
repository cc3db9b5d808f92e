import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import { CorruptError } from '../../pipeline/contracts/errors.ts';
import type { RegisteredVersion, Registry } from '../../pipeline/contracts/registry.ts';
import { readBundle } from '../../pipeline/registry/bundle-folder.ts';
import { paths, workspaceAt } from '../../pipeline/workspace.ts';
import type { Source } from './source.ts';

type Needed = Pick<Registry, 'pointer' | 'versions' | 'bundle'> & {
  /** Where a registry has a home of its own, it keeps the packs too. */
  newestPack?(seen: string | null): Promise<{ id: string; files: BundleFiles } | null>;
  close?(): Promise<void>;
};

/** What a run left: champions in a registry, wherever that is, packs there or in the workspace's `artifacts/`.
 *  @param registries opens the registry of a model */
export function workspaceSource(root: string, registries: (model: string) => Needed): Source {
  const opened = new Map<string, Needed>();
  const known = new Map<string, RegisteredVersion>();
  /** Models whose packs were found in their registry. */
  const packHomes = new Set<string>();
  const packs = new Map<string, ReturnType<typeof packsIn>>();
  const registry = (model: string) => {
    const found = opened.get(model) ?? registries(model);
    opened.set(model, found);
    return found;
  };

  function inWorkspace(model: string): ReturnType<typeof packsIn> {
    const found = packs.get(model) ?? packsIn(paths(workspaceAt(root), model).pack);
    packs.set(model, found);
    return found;
  }

  /** A version never changes: what is known of it is read once, and its files only when they are needed. */
  async function named(model: string, version: string): Promise<RegisteredVersion | null> {
    const key = `${model} ${version}`;
    const found =
      known.get(key) ?? (await registry(model).versions()).find((one) => one.version === version) ?? null;
    if (found) known.set(key, found);
    return found;
  }

  return {
    where: root,
    async version(model) {
      const version = await registry(model).pointer('champion');
      if (version === null) return null;
      const found = await named(model, version);
      if (found) return found;
      throw new CorruptError(`the champion of ${model} is ${version}, and there is no such version`, {
        hint: 'take the champion back with perennial rollback --to <version>',
      });
    },
    versionNamed: named,
    bundle: (model, { version }) => registry(model).bundle(version),
    async pack(model, seen) {
      const found = await registry(model).newestPack?.(seen);
      if (found) packHomes.add(model);
      // null says that nothing is newer, where the registry has packs.
      return found ?? (packHomes.has(model) ? null : await inWorkspace(model)(seen));
    },
    async close() {
      await Promise.all([...opened.values()].map((one) => one.close?.()));
    },
  };
}

/** The pack in a folder, asked again and again: its manifest is read when the file is another one. */
function packsIn(
  folder: string,
): (seen: string | null) => Promise<{ id: string; files: BundleFiles } | null> {
  const manifest = join(folder, 'pack.json');
  let last: { tag: string; id: string } | null = null;
  return async (seen) => {
    const about = await stat(manifest).catch(() => null);
    // A file that is replaced gets another inode, even within the clock's tick and at the same size.
    const tag = about && `${about.mtimeMs} ${about.size} ${about.ino}`;
    if (last && last.tag === tag && last.id === seen) return null;
    const bytes = tag === null ? null : await readFile(manifest).catch(() => null);
    if (tag === null || bytes === null) return null;
    const id = createHash('sha256').update(bytes).digest('hex');
    last = { tag, id };
    return id === seen ? null : { id, files: await readBundle(folder) };
  };
}
