import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface BundledPackage {
  name: string;
  version: string;
  license: string;
  /** Its licence in full; null where the package brings none. */
  text: string | null;
}

/** The packages that a bundle's files come from, sorted.
 *  @param inputs paths below the repository
 *  @throws Error where one is of another version than package-lock.json names */
export async function bundledPackages(repository: string, inputs: string[]): Promise<BundledPackage[]> {
  const folders = new Set(
    inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const lock = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8'));
  return Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(
        await readFile(join(repository, folder, 'package.json'), 'utf8'),
      );
      // The packages of a clone may lie elsewhere.
      const locked = lock.packages[folder.slice(folder.indexOf('node_modules/'))]?.version;
      if (locked !== version) {
        throw new Error(`${folder} is ${version}, package-lock.json names ${locked ?? 'none'}: run npm ci`);
      }
      const files = await readdir(join(repository, folder));
      const file = files.find((one) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(one));
      const text = file ? await readFile(join(repository, folder, file), 'utf8') : null;
      return { name, version, license: license ?? 'not told', text };
    }),
  );
}

/** Most licences ask that their text goes where the code goes. */
export function noticesOf(packages: BundledPackage[]): string {
  return packages
    .map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text?.trim() ?? ''}\n`)
    .join(`\n${'-'.repeat(80)}\n`);
}
