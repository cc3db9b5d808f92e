import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { ZipFile } from 'yazl';
import { CorruptError } from '../contracts/errors.ts';
import { isOurDisk } from './file-names.ts';

/** Files of one place, each to be read as a stream: a snapshot may be larger than memory. */
export interface Members {
  /** Sorted. */
  names: string[];
  bytes(name: string): number;
  open(name: string): Promise<Readable>;
}

/** One file on its way into an archive. */
export interface Incoming {
  /** Path inside the archive. */
  name: string;
  bytes: number;
  open(): Promise<Readable>;
}

/** Writes an archive whose bytes depend on names and contents alone: whoever packs the same snapshots, on any machine,
 *  gets the same hash. Stored and not compressed, for zlib's output differs between its versions and processors.
 *  @param members in the order in which they shall stand; one after the other is open
 *  @returns the SHA-256 of each as it went in */
export async function writeArchive(
  path: string,
  members: Incoming[],
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const hashes = new Map<string, Hash>();
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  // A zip holds the time on the wall and no zone.
  const noon = new Date(2000, 0, 1, 12);
  let reading: Readable | undefined;
  const fail = (error: unknown) => output.destroy(error as Error);
  zip.on('error', fail);
  for (const { name, bytes, open } of members) {
    const hash = createHash('sha256');
    hashes.set(name, hash);
    zip.addReadStreamLazy(name, { ...SAME_EVERYWHERE, mtime: noon, size: bytes }, (take) => {
      open().then((from) => {
        reading = from.on('error', fail);
        take(null, from.pipe(through(hash)));
      }, fail);
    });
  }
  zip.end();
  try {
    await pipeline(output, createWriteStream(path, { flush: true }), { signal });
  } finally {
    reading?.destroy();
  }
  return new Map([...hashes].map(([name, hash]) => [name, hash.digest('hex')]));
}

const SAME_EVERYWHERE = {
  mode: 0o100644,
  compress: false,
  forceDosTimestamp: true,
} as const;

function through(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

/** @throws CorruptError naming the archive, where it is none or was cut off */
export async function withArchive<T>(path: string, use: (members: Members) => Promise<T>): Promise<T> {
  let zip: yauzl.ZipFile;
  const entries = new Map<string, yauzl.Entry>();
  try {
    zip = await yauzl.openPromise(path, { autoClose: false, lazyEntries: true });
  } catch (error) {
    throw isOurDisk(error) || isAbsent(error) ? error : damaged(path, error);
  }
  try {
    try {
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    } catch (error) {
      throw isOurDisk(error) ? error : damaged(path, error);
    }
    const entry = (name: string) => entries.get(name) ?? lacks(path, name);
    return await use({
      names: [...entries.keys()].sort(),
      bytes: (name) => entry(name).uncompressedSize,
      open: (name) =>
        zip.openReadStreamPromise(entry(name)).catch((error) => {
          throw isOurDisk(error) ? error : damaged(path, error);
        }),
    });
  } finally {
    zip.close();
  }
}

export async function sha256Of(stream: Readable, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(stream, hash, { signal });
  return hash.digest('hex');
}

function lacks(path: string, name: string): never {
  throw damaged(path, new Error(`${name} is not in it`));
}

export function damaged(path: string, seen: unknown): CorruptError {
  return new CorruptError(
    `the archive ${basename(path)} is not what was packed: ${seen instanceof Error ? seen.message : String(seen)}`,
    {
      hint: `nothing was deleted; bring it back with \`dvc checkout --force data.dvc\` (or \`dvc pull\`), or from a copy`,
      facts: { path },
      cause: seen,
    },
  );
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
