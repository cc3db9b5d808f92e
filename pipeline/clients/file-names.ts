import { access } from 'node:fs/promises';
import { basename } from 'node:path';

/** A name from elsewhere as one that is safe in a folder of ours, on any file system. */
export function safeName(name: string): string {
  const clean = basename(name)
    .replace(/[^\p{L}\p{N}._-]+/gu, '_')
    .replace(/^\.+/, '')
    .slice(-120);
  return clean === '' ? 'data' : clean;
}

/** Name of the file behind an address. */
export function nameOfUrl(url: string): string {
  const { hostname, pathname } = new URL(url);
  const last = pathname.split('/').filter(Boolean).at(-1);
  let decoded = last ?? hostname;
  try {
    decoded = decodeURIComponent(decoded);
  } catch {
    // A stray % is part of the name.
  }
  return safeName(decoded);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
