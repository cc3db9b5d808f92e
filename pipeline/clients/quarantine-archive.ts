import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ARCHIVE, STAMP, sync } from './snapshot-folder.ts';
import { damaged, type Incoming, type Members, sha256Of, withArchive, writeArchive } from './snapshot-zip.ts';

const UNFINISHED = '.packing.zip';
const UNPACKING = '.unpacking';

/** Puts the quarantine files of every closed month (one that another has followed) into an archive: a source with one bad
 *  row a day would leave thousands of them. A file beside an archive that has one of its name is newer, and replaces it.
 *  Killed anywhere, the next call completes it; costs one look at the folder where nothing is to do.
 *  @param folder a model's `data/<model>/quarantine`
 *  @returns the archives that were written
 *  @throws CorruptError naming an archive that cannot be read; nothing has been deleted then */
export async function packQuarantine(folder: string, signal?: AbortSignal): Promise<string[]> {
  const names = await namesIn(folder);
  for (const name of [UNFINISHED, UNPACKING].filter((name) => names.includes(name)))
    await rm(join(folder, name));
  const files = names.filter(isQuarantine).sort();
  const current = monthOf(files.at(-1) ?? '');
  const closed = new Set(files.map(monthOf).filter((month) => month < current));
  const made: string[] = [];
  for (const month of closed) {
    const archive = `${month}.zip`;
    const added = files.filter((name) => monthOf(name) === month);
    await packMonth(folder, { archive: names.includes(archive) ? archive : null, month, added }, signal);
    made.push(archive);
  }
  return made;
}

/** Takes every archive apart again: its rows are to be tried once more. */
export async function unpackQuarantine(folder: string): Promise<void> {
  const names = await namesIn(folder);
  for (const archive of names.filter((name) => ARCHIVE.test(name))) {
    await withArchive(join(folder, archive), async (members) => {
      for (const name of members.names.filter((name) => isQuarantine(name) && !names.includes(name))) {
        await pipeline(await members.open(name), createWriteStream(join(folder, UNPACKING), { flush: true }));
        await rename(join(folder, UNPACKING), join(folder, name));
      }
    });
    await sync(folder);
    await rm(join(folder, archive));
  }
}

async function packMonth(
  folder: string,
  { archive, month, added }: { archive: string | null; month: string; added: string[] },
  signal: AbortSignal | undefined,
): Promise<void> {
  const unfinished = join(folder, UNFINISHED);
  const write = async (before: Members | null) => {
    const fresh = await Promise.all(added.map((name) => onDisk(folder, name)));
    const kept = (before?.names ?? []).filter((name) => !added.includes(name));
    const members = [...fresh, ...kept.map((name) => inArchive(before!, name))];
    return writeArchive(
      unfinished,
      members.sort((a, b) => (a.name < b.name ? -1 : 1)),
      signal,
    );
  };
  try {
    const written = archive ? await withArchive(join(folder, archive), write) : await write(null);
    await withArchive(unfinished, async (members) => {
      for (const [name, sha256] of written)
        if ((await sha256Of(await members.open(name), signal)) !== sha256)
          throw damaged(`${month}.zip`, new Error(`${name} was read back as something else`));
    });
    await rename(unfinished, join(folder, `${month}.zip`));
    await sync(folder);
  } finally {
    await rm(unfinished, { force: true });
  }
  for (const name of added) await rm(join(folder, name));
}

async function onDisk(folder: string, name: string): Promise<Incoming> {
  const path = join(folder, name);
  return { name, bytes: (await stat(path)).size, open: async () => createReadStream(path) };
}

function inArchive(members: Members, name: string): Incoming {
  return { name, bytes: members.bytes(name), open: () => members.open(name) };
}

/** Named after the snapshot whose rows they hold. */
function isQuarantine(name: string): boolean {
  return name.endsWith('.csv') && STAMP.test(name.slice(0, -'.csv'.length));
}

function monthOf(name: string): string {
  return name.slice(0, 7);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
