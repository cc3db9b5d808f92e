import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { robotFilesIn, writeRobotFiles } from './left.ts';

/** Remembers what git would see of one model and of the data.
 *  @returns brings it back: data that were not here before are taken away, to be fetched by whoever needs them */
export async function keepState(root: string, model: string): Promise<() => Promise<void>> {
  const folder = join(root, 'data', model);
  const wasHere = existsSync(folder);
  const mine = (path: string) => !path.startsWith('reports/') || path.startsWith(`reports/${model}/`);
  const files = await robotFilesIn(root);
  return async () => {
    for (const path of (await robotFilesIn(root)).keys())
      if (!files.has(path) && mine(path)) await rm(join(root, path), { force: true });
    await writeRobotFiles(root, new Map([...files].filter(([path]) => mine(path))));
    if (!wasHere) await rm(folder, { recursive: true, force: true });
  };
}
