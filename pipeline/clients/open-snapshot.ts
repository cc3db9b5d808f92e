import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CorruptError, UpstreamError } from '../contracts/errors.ts';
import type { SourceParams } from '../contracts/params.ts';
import type { Snapshot } from '../contracts/snapshot.ts';
import { type Flat, recordsOf } from './json-records.ts';
import { type Unpacked, unpack } from './unpack.ts';

export interface OpenFile {
  path: string;
  /** json: one flat record a line. */
  format: 'csv' | 'parquet' | 'json';
  /** File name, for messages. */
  name: string;
}

/** The snapshot's data as local uncompressed files; those that are plain already are not copied.
 *  @param scratch folder that may be written to; its owner deletes it
 *  @throws CorruptError if a file is not as long as the snapshot says */
export async function openSnapshot(
  directory: string,
  snapshot: Snapshot,
  params: SourceParams,
  scratch: string,
): Promise<OpenFile[]> {
  const files: RawFile[] = [];
  for (const { name, url, bytes } of snapshot.files) {
    const path = join(directory, name);
    const seen = await stat(path).then(
      ({ size }) => size,
      () => null,
    );
    if (seen !== bytes) {
      throw new CorruptError(`${path} has ${seen ?? 'no'} bytes, its snapshot says ${bytes}`, {
        hint: 'fetch it again with `dvc pull`, or delete the folder and run ingest',
      });
    }
    files.push({ path, name, shown: url });
  }
  return openFiles(files, params, scratch);
}

export interface RawFile {
  path: string;
  name: string;
  /** Address, for messages. */
  shown: string;
}

/** @throws UpstreamError for what is no data */
export async function openFiles(
  files: RawFile[],
  params: SourceParams,
  scratch: string,
): Promise<OpenFile[]> {
  await mkdir(scratch, { recursive: true });
  const open: OpenFile[] = [];
  const pages: { file: Unpacked; shown: string }[] = [];
  for (const [index, file] of files.entries()) {
    const into = join(scratch, String(index + 1).padStart(4, '0'));
    const options = { shown: file.shown, maxBytes: params.max_bytes, scratch: into };
    for (const inside of await unpack(file, options)) {
      const format = formatOf(inside.content, params, file.shown);
      if (format === 'json') pages.push({ file: inside, shown: file.shown });
      else open.push({ path: inside.path, name: inside.name, format });
    }
  }
  if (pages.length > 0) open.push(await joinPages(pages, params, join(scratch, 'records.ndjson')));
  return open;
}

/** @throws UpstreamError if the bytes are not what params.yaml says they are */
export function formatOf(
  content: OpenFile['format'],
  params: SourceParams,
  shown: string,
): OpenFile['format'] {
  const expected = params.json === undefined ? params.format : 'json';
  if (expected === 'auto' || expected === content) return content;
  throw new UpstreamError(`${shown}: looks like ${content}, expected ${expected}`, {
    hint: 'open the address: it may show an error in place of data; else correct `source.format` in params.yaml',
  });
}

async function joinPages(
  pages: { file: Unpacked; shown: string }[],
  params: SourceParams,
  path: string,
): Promise<OpenFile> {
  async function* lines() {
    for (const { file, shown } of pages) {
      for await (const record of recordsIn(file.path, params.json?.records ?? '', shown)) {
        yield `${JSON.stringify(record)}\n`;
      }
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
  return { path, format: 'json', name: pages[0].file.name };
}

/** V8 holds a JSON answer whole; longer ones are for paging, or for one record a line. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** Records of a JSON file, or of one with a record a line. */
export async function* recordsIn(path: string, at: string, shown: string): AsyncGenerator<Flat> {
  if (at === '' && (await isLines(path))) {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      if (line.trim() !== '') yield* recordsOf([parseJson(line, shown)], '', shown);
    }
    return;
  }
  yield* recordsOf(await readAnswer(path, shown), at, shown);
}

export async function readAnswer(path: string, shown: string): Promise<unknown> {
  const { size } = await stat(path);
  if (size > MAX_JSON_BYTES) {
    throw new UpstreamError(
      `${shown}: one JSON answer of ${size} bytes, at most ${MAX_JSON_BYTES} can be read`,
      {
        hint: 'ask for it in pages (`source.json.page`), or for CSV, Parquet or one record a line',
      },
    );
  }
  return parseJson(await readFile(path, 'utf8'), shown);
}

function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new UpstreamError(
      `${shown}: sent something that is not JSON, beginning ${JSON.stringify(text.slice(0, 40))}`,
      {
        cause,
        hint: 'open the address in a browser; correct `source.urls`, or set `source.format` in params.yaml',
      },
    );
  }
}

async function isLines(path: string): Promise<boolean> {
  const input = createReadStream(path, { end: MAX_JSON_BYTES });
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let whole = 0;
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue;
      if (!/^\s*\{.*\}\s*$/.test(line)) return false;
      whole++;
      if (whole === 2) return true;
    }
    return false;
  } finally {
    lines.close();
    input.destroy();
  }
}

/** One hash over many, in order. */
export function hashOfHashes(hashes: readonly string[]): string {
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}
