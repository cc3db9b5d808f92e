import type { Dirent } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { BundleFiles } from '../contracts/bundle.ts';
import { CorruptError } from '../contracts/errors.ts';
import { refuseUnsafe } from './manifest.ts';

/** Every file below a folder, as a bundle; the manifest is not checked here (`verifyBundle` does).
 *  @throws CorruptError if there is no such folder */
export async function readBundle(directory: string): Promise<BundleFiles> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { recursive: true, withFileTypes: true });
  } catch (cause) {
    throw new CorruptError(`there is no bundle in ${directory}`, { cause, hint: 'run train again' });
  }
  const files: BundleFiles = new Map();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(directory, path).split(sep).join('/'), await readFile(path));
  }
  return files;
}

/** Replaces a folder by a bundle: written beside it, then renamed; a reader never sees half of it.
 *  @throws UsageError if a path could lead out of the folder */
export async function writeBundle(directory: string, files: BundleFiles): Promise<void> {
  for (const path of files.keys()) refuseUnsafe(path);
  const prepared = `${directory}.new`;
  await rm(prepared, { recursive: true, force: true });
  await writeInto(prepared, files);
  await rm(directory, { recursive: true, force: true });
  await rename(prepared, directory);
}

/** Writes a bundle's files into a folder of the caller's own, flushed to disk. */
export async function writeInto(directory: string, files: BundleFiles): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes, { flush: true });
  }
}
