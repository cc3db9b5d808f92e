import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';

/** A zip that is damaged, too large, or not what was expected; the message goes on after "the zip ". */
export class ZipError extends Error {}

export interface ZipLimits {
  files: number;
  unpackedBytes: number;
  /** Called for each file before it is unpacked, with its name as it is written in the zip; throws a ZipError for one that must not be there.
   *  @returns most bytes of this file, where they are fewer than what is left of `unpackedBytes` */
  accept(name: string): number | undefined;
}

/** Unpacks a zip in memory, whoever made it: each name comes once, each file is a plain one, folders are passed over, and what comes
 *  out is counted while it comes.
 *  @throws ZipError */
export async function readZip(zip: Uint8Array, limits: ZipLimits): Promise<Map<string, Buffer>> {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength);
  const archive = await yauzl
    .fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true })
    .catch((cause) => {
      throw new ZipError('is no zip', { cause });
    });
  const files = new Map<string, Buffer>();
  try {
    if (archive.entryCount > limits.files)
      throw new ZipError(`holds ${archive.entryCount} files, at most ${limits.files} expected`);
    let left = limits.unpackedBytes;
    for await (const entry of archive.eachEntry()) {
      const name = entry.fileName;
      if (name.endsWith('/') && entry.uncompressedSize === 0) continue;
      const most = Math.min(left, limits.accept(name) ?? left);
      if (files.has(name)) throw new ZipError(`holds ${name} twice`);
      if (!isPlainFile(entry)) throw new ZipError(`has a ${name} that is no plain file`);
      const content = await unpacked(archive, entry, most);
      left -= content.byteLength;
      files.set(name, content);
    }
    return files;
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError('is damaged', { cause: error });
  } finally {
    archive.close();
  }
}

/** The upper half of the attributes is Unix's mode, where a Unix made the zip: a link would name another file. */
function isPlainFile(entry: yauzl.Entry): boolean {
  const kind = (entry.externalFileAttributes >>> 16) & 0o170000;
  return (kind === 0 || kind === 0o100000) && !entry.isEncrypted();
}

async function unpacked(archive: yauzl.ZipFile, entry: yauzl.Entry, most: number): Promise<Buffer> {
  // What an entry says of itself saves work; what comes out is what counts.
  if (entry.uncompressedSize > most) throw tooLarge(entry.fileName, most);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const kept = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      chunks.push(chunk);
      done(bytes > most ? tooLarge(entry.fileName, most) : null);
    },
  });
  await pipeline(await archive.openReadStreamPromise(entry), kept);
  return Buffer.concat(chunks);
}

function tooLarge(name: string, most: number): ZipError {
  return new ZipError(`has a ${name} that unpacks to more than ${most} bytes`);
}
