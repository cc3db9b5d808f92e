import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ARCHIVE, STAMP, sync } from './snapshot-folder.ts';
import {
  corrupt,
  DESCRIPTION,
  describe,
  mismatch,
  type StoredSnapshot,
  snapshotsIn,
  within,
  withSnapshot,
} from './snapshot-store.ts';
import { damaged, type Members, sha256Of, withArchive, writeArchive } from './snapshot-zip.ts';

const UNFINISHED = '.packing.zip';
const MAX_ARCHIVE_BYTES = 2 ** 30;

export interface PackOptions {
  /** A month that is larger is split: `2025-03.zip`, `2025-03.2.zip`, …; one snapshot is never. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** An archive that was made, or made anew with more in it. */
export interface PackedMonth {
  archive: string;
  /** How many were added to it. */
  snapshots: number;
  bytes: number;
}

/** Puts the snapshots of every closed month (one that another with snapshots has followed) into an archive, so that
 *  years of daily files stay a few hundred objects for DVC. Folders go only after their archive was read back and every
 *  hash compared; killed anywhere, the next call completes it. Costs one look at the folder where nothing is to do.
 *  A snapshot that comes late joins the last archive of its month, written anew, as long as that is not too large.
 *  @param raw a model's `data/<model>/raw`
 *  @throws CorruptError naming what is not what it was; that, and what it belongs to, has not been deleted then */
export async function packSnapshots(raw: string, options: PackOptions = {}): Promise<PackedMonth[]> {
  const names = await namesIn(raw);
  if (names.includes(UNFINISHED)) await rm(join(raw, UNFINISHED));
  const stamps = names.filter((name) => STAMP.test(name)).sort();
  const current = monthOf(stamps.at(-1) ?? '');
  const closed = new Set(stamps.map(monthOf).filter((month) => month < current));
  const packed: PackedMonth[] = [];
  for (const month of closed) {
    const folders = stamps.filter((stamp) => monthOf(stamp) === month);
    const archives = names.filter((name) => ARCHIVE.exec(name)?.[1] === month);
    packed.push(...(await packMonth(raw, { month, folders, archives }, options)));
  }
  return packed;
}

async function packMonth(
  raw: string,
  { month, folders, archives }: { month: string; folders: string[]; archives: string[] },
  { maxBytes = MAX_ARCHIVE_BYTES, signal }: PackOptions,
): Promise<PackedMonth[]> {
  const before = await snapshotsIn(new Map(archives.map((name) => [name, join(raw, name)])));
  const fresh: Sized[] = [];
  for (const stamp of folders) {
    const folder = await readFolder(raw, stamp);
    if (folder === null) continue;
    const twin = before.find((one) => one.stamp === stamp);
    if (twin) {
      // A run was killed after the archive had got its name.
      await expectSame(folder, twin, signal);
      await rm(join(raw, stamp), { recursive: true });
    } else if (folder.files.has(DESCRIPTION)) fresh.push(folder);
  }
  const made: PackedMonth[] = [];
  for (const part of await plan(fresh, { raw, month, archives, maxBytes })) {
    const bytes = await writePart(raw, part, signal);
    for (const { stamp } of part.added) await rm(join(raw, stamp), { recursive: true });
    made.push({ archive: part.name, snapshots: part.added.length, bytes });
  }
  return made;
}

type Sized = StoredSnapshot & { files: Map<string, string>; bytes: number };

interface Part {
  name: string;
  bytes: number;
  /** An archive of this name is there; what it holds is kept. */
  extends: boolean;
  added: Sized[];
}

/** Which snapshots go into which archive: the last one there is takes more while it has room. */
async function plan(
  fresh: Sized[],
  { raw, month, archives, maxBytes }: { raw: string; month: string; archives: string[]; maxBytes: number },
): Promise<Part[]> {
  const numbers = archives.map((name) => Number(ARCHIVE.exec(name)?.[2] ?? 1));
  let number = Math.max(1, ...numbers);
  const name = () => (number === 1 ? `${month}.zip` : `${month}.${number}.zip`);
  const there = archives.includes(name());
  const bytes = there ? (await stat(join(raw, name()))).size : 0;
  const parts: Part[] = [{ name: name(), bytes, extends: there, added: [] }];
  for (const snapshot of fresh) {
    const last = parts.at(-1)!;
    const full = last.bytes > 0 && last.bytes + snapshot.bytes > maxBytes;
    if (full) number++;
    const part = full ? { name: name(), bytes: 0, extends: false, added: [] } : last;
    if (full) parts.push(part);
    part.added.push(snapshot);
    part.bytes += snapshot.bytes;
  }
  return parts.filter(({ added }) => added.length > 0);
}

/** Writes an archive whole, reads it back, and only then gives it its name.
 *  @returns its size */
async function writePart(raw: string, part: Part, signal: AbortSignal | undefined): Promise<number> {
  const [unfinished, path] = [join(raw, UNFINISHED), join(raw, part.name)];
  const write = async (before: Members | null) => {
    const members = await Promise.all(part.added.map(membersOf));
    if (before) members.push(before.names.map((name) => member(before, name)));
    const sorted = members.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
    return writeArchive(unfinished, sorted, signal);
  };
  try {
    const written = part.extends ? await withArchive(path, write) : await write(null);
    const sources = new Map(part.added.map((one) => [one.stamp, one]));
    await withArchive(unfinished, async (archive) => {
      await expectWritten(part.name, archive, written, signal);
      for (const stamp of new Set(archive.names.map((name) => name.split('/')[0]))) {
        const source = sources.get(stamp) ?? { stamp, archive: path };
        await expectDescribed(source, within(archive, stamp), written);
      }
    });
    await rename(unfinished, path);
    await sync(raw);
    return (await stat(path)).size;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function membersOf(folder: Sized) {
  return withSnapshot(folder, async (files) =>
    files.names.map((name) => ({ ...member(files, name), name: `${folder.stamp}/${name}` })),
  );
}

function member(of: Members, name: string) {
  return { name, bytes: of.bytes(name), open: () => of.open(name) };
}

/** What went in must come out: a disk may lie. */
async function expectWritten(
  name: string,
  archive: Members,
  written: Map<string, string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [member, sha256] of written) {
    const seen = await sha256Of(await archive.open(member), signal);
    if (seen !== sha256) throw damaged(name, `${member} was read back as something else`);
  }
}

/** What went in must be what was collected. */
async function expectDescribed(
  source: StoredSnapshot,
  members: Members,
  written: Map<string, string>,
): Promise<void> {
  const snapshot = await describe(source, members);
  for (const { name, sha256 } of snapshot.files) {
    const seen = written.get(`${source.stamp}/${name}`);
    if (seen === undefined) throw corrupt(source, `lacks ${name}`);
    if (seen !== sha256) throw mismatch(source, name, { seen, said: sha256 });
  }
}

/** Every file of a folder that is left is in the archive, byte for byte, and the archive holds all it should. */
async function expectSame(folder: Sized, twin: StoredSnapshot, signal: AbortSignal | undefined) {
  await withSnapshot(twin, async (archived) => {
    const hashes = new Map<string, string>();
    for (const name of archived.names)
      hashes.set(`${twin.stamp}/${name}`, await sha256Of(await archived.open(name), signal));
    await expectDescribed(twin, archived, hashes);
    await withSnapshot(folder, async (left) => {
      for (const name of left.names) {
        const seen = await sha256Of(await left.open(name), signal);
        if (seen !== hashes.get(`${twin.stamp}/${name}`))
          throw corrupt(twin, `and the folder of that name differ in ${name}`);
      }
    });
  });
}

/** Null for a folder with folders in it: nothing of ours, and not to be deleted. */
async function readFolder(raw: string, stamp: string): Promise<Sized | null> {
  const entries = await readdir(join(raw, stamp), { withFileTypes: true });
  if (entries.some((entry) => entry.isDirectory())) return null;
  const files = new Map(entries.map(({ name }) => [name, join(raw, stamp, name)]));
  const sizes = await Promise.all([...files.values()].map(async (path) => (await stat(path)).size));
  return { stamp, files, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function namesIn(raw: string): Promise<string[]> {
  return readdir(raw).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
}

function monthOf(stamp: string): string {
  return stamp.slice(0, 7);
}
