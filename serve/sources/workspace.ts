import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry } from '../../pipeline/contracts/registry.ts';
import { readBundle } from '../../pipeline/registry/bundle-folder.ts';
import { paths, workspaceAt } from '../../pipeline/workspace.ts';
import type { Source } from './source.ts';

/** What a run left in its workspace: champions in a registry, wherever that is, packs in `artifacts/`.
 *  @param registries opens the registry of a model */
export function workspaceSource(
  root: string,
  registries: (model: string) => Pick<Registry, 'alias' | 'version' | 'bundle'> & { close?(): Promise<void> },
): Source {
  const opened = new Map<string, ReturnType<typeof registries>>();
  const registry = (model: string) => {
    const found = opened.get(model) ?? registries(model);
    opened.set(model, found);
    return found;
  };
  return {
    where: root,
    version: (model) => registry(model).alias('champion'),
    versionNamed: (model, version) => registry(model).version(version),
    bundle: (model, { version }) => registry(model).bundle(version),
    async pack(model, seen) {
      const folder = paths(workspaceAt(root), model).pack;
      const manifest = await readFile(join(folder, 'pack.json')).catch(() => null);
      const id = manifest && createHash('sha256').update(manifest).digest('hex');
      return id === null || id === seen ? null : { id, files: await readBundle(folder) };
    },
    async close() {
      await Promise.all([...opened.values()].map((one) => one.close?.()));
    },
  };
}
