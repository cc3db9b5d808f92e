import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CorruptError } from '../contracts/errors.ts';
import { Snapshot } from '../contracts/snapshot.ts';
import { readJson, writeJson } from '../files.ts';
import { exists } from './file-names.ts';
import { withArchive } from './snapshot-zip.ts';

const INCOMING = '.incoming';
/** A snapshot's folder. */
export const STAMP = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d+)?Z$/;

/** A closed month's snapshots in one file: `2025-03.zip`, `2025-03.2.zip`, … */
export const ARCHIVE = /^(\d{4}-\d{2})(?:\.([2-9]|[1-9]\d+))?\.zip$/;

/** Name of a snapshot's folder: its moment without colons, which some file systems refuse. Sorts by time. */
export function folderName(collectedAt: string): string {
  return collectedAt.replaceAll(':', '-');
}

/** Makes the folder for bytes that are on their way. Nothing in it counts until `keep`. */
export async function openIncoming(raw: string): Promise<{ folder: string; drop(): Promise<void> }> {
  const folder = join(raw, INCOMING);
  const made = await mkdir(folder, { recursive: true });
  return { folder, drop: () => dropIncoming(folder, made) };
}

/** Turns the incoming folder into a snapshot: its description is written last, then the whole folder gets its name.
 *  @returns the folder's new path */
export async function keep(incoming: string, snapshot: Snapshot): Promise<string> {
  const directory = join(dirname(incoming), folderName(snapshot.collected_at));
  await writeJson(join(incoming, 'snapshot.json'), Snapshot, snapshot);
  await sync(incoming);
  await rename(incoming, directory);
  await sync(dirname(directory));
  return directory;
}

/** Removes what a killed run left: bytes on their way, and folders without a `snapshot.json`. */
export async function clearLeftovers(raw: string): Promise<string[]> {
  const left: string[] = [];
  for (const name of await foldersIn(raw)) {
    const folder = join(raw, name);
    const unfinished = STAMP.test(name) && !(await exists(join(folder, 'snapshot.json')));
    if (name !== INCOMING && !unfinished) continue;
    await rm(folder, { recursive: true, force: true });
    left.push(name);
  }
  return left;
}

/** @returns the newest snapshot that is on this machine, or null
 *  @throws CorruptError if its description cannot be read */
export async function newestSnapshot(raw: string): Promise<{ snapshot: Snapshot; directory: string } | null> {
  const newest = (await foldersIn(raw))
    .filter((name) => STAMP.test(name))
    .sort()
    .at(-1);
  if (newest === undefined) return null;
  const directory = join(raw, newest);
  const snapshot = await readJson(join(directory, 'snapshot.json'), Snapshot);
  if (snapshot === null) {
    throw new CorruptError(`${directory} has no snapshot.json`, {
      hint: 'delete the folder and run ingest again',
    });
  }
  return { snapshot, directory };
}

/** A moment at which there is no snapshot yet: the clock of a frozen run stands still. */
export async function freeMoment(raw: string, now: Date): Promise<string> {
  const archived = await archivedIn(raw, now.toISOString().slice(0, 7));
  for (let ms = now.getTime(); ; ms++) {
    const moment = new Date(ms).toISOString();
    const name = folderName(moment);
    if (!archived.has(name) && !(await exists(join(raw, name)))) return moment;
  }
}

/** Stamps in the archives of a month: none, but for a clock that was set back. */
async function archivedIn(raw: string, month: string): Promise<Set<string>> {
  const names = (await exists(raw)) ? await readdir(raw) : [];
  const stamps = new Set<string>();
  for (const name of names.filter((name) => ARCHIVE.exec(name)?.[1] === month)) {
    await withArchive(join(raw, name), async (archive) => {
      for (const member of archive.names) stamps.add(member.split('/')[0]);
    });
  }
  return stamps;
}

async function foldersIn(raw: string): Promise<string[]> {
  if (!(await exists(raw))) return [];
  const entries = await readdir(raw, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Removes the folder, and those above it that were made for it and are still empty. */
async function dropIncoming(folder: string, made: string | undefined): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  if (made === undefined) return;
  for (let at = dirname(folder); at.length >= made.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return; // somebody else uses it by now
    }
  }
}

/** Makes the names in a folder durable, where the system can do that (Windows cannot). */
export async function sync(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
