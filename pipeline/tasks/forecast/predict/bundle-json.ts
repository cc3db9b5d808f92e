import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';

export function bundleJson(path: string, value: unknown): BundleFiles {
  return new Map([[path, new TextEncoder().encode(`${JSON.stringify(value)}\n`)]]);
}

/** @throws CorruptError if the file is missing or is not JSON */
export function readBundleJson<T>(files: BundleFiles, path: string): T {
  try {
    return JSON.parse(new TextDecoder().decode(readBundle(files, path))) as T;
  } catch (cause) {
    if (cause instanceof CorruptError) throw cause;
    throw new CorruptError(`${path} in the bundle is not JSON`, { cause });
  }
}

/** @throws CorruptError if the file is missing */
export function readBundle(files: BundleFiles, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) throw new CorruptError(`the bundle has no ${path}`, { hint: 'Train again.' });
  return bytes;
}
