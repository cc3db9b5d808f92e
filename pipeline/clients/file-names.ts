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

/** Names in one folder: two files never share one, and one that is asked for again keeps its own. */
export class FileNames {
  #given = new Map<string, string>();
  #taken = new Set<string>();

  /** @param origin where the file came from */
  give(origin: string, name: string): string {
    const given = this.#given.get(origin);
    if (given !== undefined) return given;
    let free = name;
    // Some file systems do not tell capitals apart.
    for (let n = 2; this.#taken.has(free.toLowerCase()); n++) free = `${n}-${name}`;
    this.#given.set(origin, free);
    this.#taken.add(free.toLowerCase());
    return free;
  }
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

/** A full or forbidden disk is not the portal's fault. */
export function isOurDisk(error: unknown): boolean {
  return /^E(?:NOSPC|DQUOT|EXIST|ACCES|PERM|ROFS|MFILE|NFILE|IO)$/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  );
}
