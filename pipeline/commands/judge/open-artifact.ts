import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { REVIEW_LIMITS } from '../../contracts/review.ts';
import { BROKEN, Refusal } from './refusal.ts';

/** What a review's artifact holds; nothing else is looked at. */
const NAMES = ['review.json', 'forecasts.parquet', 'report.md'] as const;
export type ReviewFile = (typeof NAMES)[number];

/** Unpacks an artifact in memory. It comes from code that nobody has reviewed: each file has one of our names, once, is
 *  a plain file, and what comes out of it is counted while it comes.
 *  @throws Refusal */
export async function openArtifact(
  zip: Uint8Array,
  limits: { unpackedBytes: number; files: number; jsonBytes: number } = REVIEW_LIMITS,
): Promise<Map<ReviewFile, Buffer>> {
  const files = new Map<ReviewFile, Buffer>();
  const archive = await opened(zip);
  try {
    if (archive.entryCount > limits.files)
      throw broken(`it holds ${archive.entryCount} files; a review has at most ${limits.files}`);
    let left = limits.unpackedBytes;
    for await (const entry of archive.eachEntry()) {
      const name = NAMES.find((known) => known === entry.fileName);
      if (!name) throw broken(`it holds ${shown(entry.fileName)}, which no review has`);
      if (files.has(name)) throw broken(`it holds ${name} twice`);
      if (!isPlainFile(entry)) throw broken(`its ${name} is no plain file`);
      const most = name === 'review.json' ? Math.min(left, limits.jsonBytes) : left;
      const bytes = await unpacked(archive, entry, most);
      left -= bytes.byteLength;
      files.set(name, bytes);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : broken('its zip is damaged', error);
  } finally {
    archive.close();
  }
  return files;
}

async function opened(zip: Uint8Array): Promise<yauzl.ZipFile> {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength);
  return yauzl.fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true }).catch((cause) => {
    throw broken('it is no zip', cause);
  });
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

function tooLarge(name: string, most: number): Refusal {
  return broken(`its ${name} unpacks to more than ${most} bytes`);
}

function broken(what: string, cause?: unknown): Refusal {
  return new Refusal(BROKEN, `The artifact of the review is not what a review submits: ${what}.`, { cause });
}

/** A name from elsewhere, as plain letters. */
function shown(name: string): string {
  const plain = name.replace(/[^\w./ -]/g, '?');
  return JSON.stringify(plain.length > 60 ? `${plain.slice(0, 60)}…` : plain);
}
