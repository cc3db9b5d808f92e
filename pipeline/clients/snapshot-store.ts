import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { CorruptError } from '../contracts/errors.ts';
import { Snapshot } from '../contracts/snapshot.ts';
import { hashOfHashes } from './open-snapshot.ts';
import { ARCHIVE, folderName, STAMP } from './snapshot-folder.ts';
import { type Members, sha256Of, withArchive } from './snapshot-zip.ts';

export const DESCRIPTION = 'snapshot.json';

/** A snapshot wherever it lies: in a folder of its own, or in the archive of its month. */
export interface StoredSnapshot {
  /** Its moment, as folders are named: `2026-01-31T06-00-00.000Z`. */
  stamp: string;
  /** File name → path on this machine. */
  files?: Map<string, string>;
  /** Path of the archive. */
  archive?: string;
}

/** Every snapshot of a model that is on this machine, oldest first.
 *  @throws CorruptError naming an archive that cannot be read */
export async function listSnapshots(raw: string): Promise<StoredSnapshot[]> {
  const entries = await readdir(raw, { recursive: true, withFileTypes: true }).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  // Where DVC links instead of copying, a file is a symbolic link.
  const files = entries.filter((entry) => !entry.isDirectory());
  return snapshotsIn(
    new Map(
      files.map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(raw.length + 1).replaceAll('\\', '/'), path];
      }),
    ),
  );
}

/** The same of files that lie elsewhere, such as in DVC's cache.
 *  @param files path below `raw/`, with forward slashes → path on this machine */
export async function snapshotsIn(files: ReadonlyMap<string, string>): Promise<StoredSnapshot[]> {
  const found = new Map<string, StoredSnapshot>();
  for (const [name, path] of files) {
    if (!ARCHIVE.test(name)) continue;
    const stamps = await withArchive(path, async ({ names }) => names.map((member) => member.split('/')[0]));
    for (const stamp of new Set(stamps)) found.set(stamp, { stamp, archive: path });
  }
  for (const [name, path] of files) {
    const [stamp, file, ...deeper] = name.split('/');
    if (!STAMP.test(stamp) || !file || deeper.length > 0 || !files.has(`${stamp}/${DESCRIPTION}`)) continue;
    const known = found.get(stamp);
    // In both only after a run was killed between packing and tidying up: the two are the same.
    if (known?.archive) continue;
    found.set(stamp, { stamp, files: (known?.files ?? new Map()).set(file, path) });
  }
  return [...found.values()].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
}

/** A snapshot's files as streams; they are open only while `use` runs. */
export async function withSnapshot<T>(
  { stamp, files, archive }: StoredSnapshot,
  use: (members: Members) => Promise<T>,
): Promise<T> {
  if (archive !== undefined) return withArchive(archive, (all) => use(within(all, stamp)));
  const names = [...files!.keys()].sort();
  const sizes = new Map(
    await Promise.all(names.map(async (name) => [name, (await stat(files!.get(name)!)).size] as const)),
  );
  return use({
    names,
    bytes: (name) => sizes.get(name)!,
    open: async (name) => createReadStream(files!.get(name)!),
  });
}

/** The members of one snapshot in an archive of many. */
export function within(archive: Members, stamp: string): Members {
  const inside = `${stamp}/`;
  return {
    names: archive.names.filter((name) => name.startsWith(inside)).map((name) => name.slice(inside.length)),
    bytes: (name) => archive.bytes(inside + name),
    open: (name) => archive.open(inside + name),
  };
}

/** @throws CorruptError where `snapshot.json` is missing or is not what its contract says */
export async function describe(stored: StoredSnapshot, members: Members): Promise<Snapshot> {
  if (!members.names.includes(DESCRIPTION)) throw corrupt(stored, `has no ${DESCRIPTION}`);
  let snapshot: Snapshot;
  try {
    snapshot = Snapshot.parse(JSON.parse(await text(await members.open(DESCRIPTION))));
  } catch (cause) {
    throw corrupt(stored, `has a ${DESCRIPTION} that cannot be read`, cause);
  }
  const whole =
    folderName(snapshot.collected_at) === stored.stamp &&
    snapshot.sha256 === hashOfHashes(snapshot.files.map(({ sha256 }) => sha256));
  if (!whole) throw corrupt(stored, `has a ${DESCRIPTION} that contradicts itself`);
  return snapshot;
}

export async function describeSnapshot(stored: StoredSnapshot): Promise<Snapshot> {
  return withSnapshot(stored, (members) => describe(stored, members));
}

/** Hashes every file anew.
 *  @throws CorruptError naming the first that is not what `snapshot.json` says */
export async function verifySnapshot(stored: StoredSnapshot, signal?: AbortSignal): Promise<Snapshot> {
  return withSnapshot(stored, async (members) => {
    const snapshot = await describe(stored, members);
    for (const { name, sha256 } of snapshot.files) {
      if (!members.names.includes(name)) throw corrupt(stored, `lacks ${name}`);
      const seen = await sha256Of(await members.open(name), signal);
      if (seen !== sha256) throw mismatch(stored, name, { seen, said: sha256 });
    }
    return snapshot;
  });
}

/** A snapshot as a folder to read from, as `newestSnapshot` gives it; one that is archived is unpacked and checked.
 *  @param scratch folder that may be written to; its owner deletes it
 *  @returns null where there is none of this stamp */
export async function snapshotFiles(
  raw: string,
  stamp: string,
  scratch: string,
): Promise<{ snapshot: Snapshot; directory: string } | null> {
  const stored = (await listSnapshots(raw)).find((one) => one.stamp === stamp);
  if (!stored) return null;
  if (stored.files) return { snapshot: await describeSnapshot(stored), directory: join(raw, stamp) };
  const directory = join(scratch, stamp);
  await mkdir(directory, { recursive: true });
  await withSnapshot(stored, async ({ names, open }) => {
    for (const name of names) await pipeline(await open(name), createWriteStream(join(directory, name)));
  });
  const files = new Map((await readdir(directory)).map((name) => [name, join(directory, name)]));
  return { snapshot: await verifySnapshot({ stamp, files }), directory };
}

/** Where it lies, for messages. */
export function placeOf({ stamp, archive }: StoredSnapshot): string {
  return archive === undefined ? `the snapshot ${stamp}` : `the snapshot ${stamp} in ${archive}`;
}

export function mismatch(
  stored: StoredSnapshot,
  name: string,
  { seen, said }: { seen: string; said: string },
): CorruptError {
  return corrupt(
    stored,
    `holds another ${name} than was collected (SHA-256 ${seen.slice(0, 12)}…, its snapshot.json says ${said.slice(0, 12)}…)`,
  );
}

export function corrupt(stored: StoredSnapshot, what: string, cause?: unknown): CorruptError {
  return new CorruptError(`${placeOf(stored)} ${what}`, {
    cause,
    hint: 'nothing was deleted; bring it back with `dvc checkout --force data.dvc` (or `dvc pull`), or from a copy',
    facts: { stamp: stored.stamp, archive: stored.archive },
  });
}
