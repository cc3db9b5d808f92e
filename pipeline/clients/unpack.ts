import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import yauzl from 'yauzl';
import { UpstreamError } from '../contracts/errors.ts';
import { exists, isOurDisk, safeName } from './file-names.ts';
import { type Content, contentOf, HEAD_BYTES, recognise } from './first-bytes.ts';

export interface Unpacked {
  path: string;
  name: string;
  content: Exclude<Content, 'gzip' | 'zip' | 'html' | 'tar' | 'empty'>;
}

export interface UnpackOptions {
  /** What messages call the file: its address. */
  shown: string;
  /** Uncompressed size of everything inside, at most. */
  maxBytes: number;
  /** Folder for what was compressed. */
  scratch: string;
  signal?: AbortSignal;
}

/** How deep archives may lie in each other: a zip of gz files is met in the wild, more is a trap. */
const MAX_DEPTH = 2;
const MAX_MEMBERS = 10_000;

/** Local uncompressed files from one that may be gz or zip; what is plain already stays where it is.
 *  @throws UpstreamError for HTML, archives without data, damaged ones, and bombs */
export async function unpack(
  file: { path: string; name: string },
  options: UnpackOptions,
): Promise<Unpacked[]> {
  const budget = { left: options.maxBytes };
  const data = await openUp(file, options, budget, 0);
  if (data.length === 0) {
    throw new UpstreamError(`${options.shown}: the zip holds no data file`, {
      hint: 'expected .csv, .tsv, .txt, .parquet or .json inside; correct `source.urls` in params.yaml',
    });
  }
  return data;
}

/** What kind of data a file holds, having unpacked all of it once: so a bomb or a truncated archive is found before it is
 *  kept. Nothing stays in `scratch`.
 *  @throws UpstreamError as `unpack` does */
export async function inspect(
  file: { path: string; name: string },
  options: UnpackOptions,
): Promise<Unpacked['content']> {
  const content = await contentOf(file.path);
  if (content === 'csv' || content === 'parquet' || content === 'json') return content;
  if (content === 'gzip') {
    const inside = recognise(await readThrough(file.path, options));
    if (inside === 'csv' || inside === 'parquet' || inside === 'json') return inside;
    if (inside !== 'zip') throw notData(inside, options.shown);
  }
  try {
    return (await unpack(file, options))[0].content;
  } finally {
    await rm(options.scratch, { recursive: true, force: true });
  }
}

async function openUp(
  file: { path: string; name: string },
  options: UnpackOptions,
  budget: { left: number },
  depth: number,
): Promise<Unpacked[]> {
  const content = await contentOf(file.path);
  if (content === 'csv' || content === 'parquet' || content === 'json') return [{ ...file, content }];
  if (content === 'empty' && depth > 0) return []; // an empty member beside others is no reason to stop
  if (content === 'empty' || content === 'html' || content === 'tar' || depth >= MAX_DEPTH) {
    throw notData(content, options.shown);
  }
  const inside: Unpacked[] = [];
  for await (const member of membersOf(file, content, options, budget)) {
    inside.push(...(await openUp(member, options, budget, depth + 1)));
  }
  if (content === 'gzip' && inside.length === 0) throw notData('empty', options.shown);
  return inside;
}

async function* membersOf(
  file: { path: string; name: string },
  content: 'gzip' | 'zip',
  options: UnpackOptions,
  budget: { left: number },
): AsyncGenerator<{ path: string; name: string }> {
  if (content === 'gzip') {
    const name = file.name.replace(/\.(?:gz|gzip)$/i, '') || 'data';
    const path = await freePath(options.scratch, name === file.name ? `${name}.data` : name);
    await write(createReadStream(file.path), [createGunzip()], path, options, budget);
    yield { path, name };
    return;
  }
  const zip = await openZip(file.path, options.shown);
  try {
    if (zip.entryCount > MAX_MEMBERS) throw damaged(options.shown, `${zip.entryCount} members in a zip`);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName === '[Content_Types].xml') throw notData('office', options.shown);
      if (!isDataName(entry.fileName)) continue;
      if (entry.isEncrypted()) throw damaged(options.shown, `${entry.fileName} is encrypted`);
      const name = basename(entry.fileName);
      const path = await freePath(options.scratch, name);
      await write(await zip.openReadStreamPromise(entry), [], path, options, budget);
      yield { path, name };
    }
  } catch (error) {
    if (error instanceof UpstreamError || options.signal?.aborted || isOurDisk(error)) throw error;
    throw damaged(options.shown, String(error instanceof Error ? error.message : error), error);
  } finally {
    zip.close();
  }
}

async function openZip(path: string, shown: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(path, { autoClose: false, lazyEntries: true });
  } catch (cause) {
    throw damaged(shown, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Unpacks a gz to nowhere.
 *  @returns its first bytes */
async function readThrough(path: string, options: UnpackOptions): Promise<Buffer> {
  const first: Buffer[] = [];
  let kept = 0;
  const counted = counter({ left: options.maxBytes }, options);
  const nowhere = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (kept < HEAD_BYTES) first.push(chunk);
      kept += chunk.length;
      done();
    },
  });
  await guarded(options, () =>
    pipeline([createReadStream(path), createGunzip(), counted, nowhere], { signal: options.signal }),
  );
  return Buffer.concat(first).subarray(0, HEAD_BYTES);
}

async function write(
  from: Readable,
  through: Transform[],
  path: string,
  options: UnpackOptions,
  budget: { left: number },
): Promise<void> {
  try {
    const target = createWriteStream(path, { flags: 'wx' });
    await guarded(options, () =>
      pipeline([from, ...through, counter(budget, options), target], { signal: options.signal }),
    );
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function counter(budget: { left: number }, options: UnpackOptions): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      budget.left -= chunk.length;
      done(budget.left < 0 ? bomb(options) : null, chunk);
    },
  });
}

/** What fails while unpacking is the archive's fault, unless the disk is full or the run was stopped. */
async function guarded(options: UnpackOptions, unpacking: () => Promise<void>): Promise<void> {
  try {
    await unpacking();
  } catch (error) {
    if (error instanceof UpstreamError || options.signal?.aborted || isOurDisk(error)) throw error;
    throw damaged(options.shown, error instanceof Error ? error.message : String(error), error);
  }
}

/** Files people put beside data: notes, pictures, what macOS leaves behind. */
function isDataName(name: string): boolean {
  const last = basename(name);
  if (name.endsWith('/') || last.startsWith('.') || name.startsWith('__MACOSX/')) return false;
  if (/^(?:readme|licen[cs]e|changelog|note|about)/i.test(last) && /\.(?:txt|md)$|^[^.]*$/i.test(last))
    return false;
  return /\.(?:csv|tsv|tab|txt|dat|parquet|json|jsonl|ndjson|gz)$/i.test(last);
}

/** Two members may have one name in different folders. */
async function freePath(folder: string, name: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const safe = safeName(name);
  for (let n = 1; n <= MAX_MEMBERS; n++) {
    const path = join(folder, n === 1 ? safe : `${n}-${safe}`);
    if (!(await exists(path))) return path;
  }
  throw new RangeError(`more than ${MAX_MEMBERS} files are called ${safe}`);
}

const NOT_DATA: Partial<Record<Content | 'office', [seen: string, hint: string]>> = {
  html: [
    'sent a web page (HTML) in place of data',
    'open the address in a browser: it may want a login, or the file has moved; put the address of the file itself into `source.urls`',
  ],
  empty: ['sent an empty body', 'the portal may be in the middle of publishing; the next run tries again'],
  tar: ['sent a tar archive', 'expected CSV, Parquet or JSON, plain or as gz or zip'],
  office: ['sent an Office document', 'export the sheet as CSV'],
  gzip: ['sent archives within archives', 'expected CSV, Parquet or JSON, plain or as gz or zip'],
};

export function notData(content: Content | 'office', shown: string): UpstreamError {
  const [seen, hint] = NOT_DATA[content] ?? NOT_DATA.gzip!;
  return new UpstreamError(`${shown}: ${seen}`, { hint, facts: { url: shown } });
}

function damaged(shown: string, seen: string, cause?: unknown): UpstreamError {
  return new UpstreamError(`${shown}: the archive cannot be read: ${seen}`, {
    hint: 'open it by hand; if it is damaged there too, tell the portal; the next run tries again',
    facts: { url: shown },
    cause,
  });
}

function bomb(options: UnpackOptions): UpstreamError {
  return new UpstreamError(`${options.shown}: unpacks to more than ${options.maxBytes} bytes`, {
    hint: 'check the address; if the data really is that large, raise `source.max_bytes` in params.yaml',
    facts: { url: options.shown },
  });
}
