import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UpstreamError, UsageError } from '../contracts/errors.ts';

const DATA = [
  '**/*.{csv,tsv,tab}',
  '**/*.{csv,tsv}.gz',
  '**/*.parquet',
  '**/*.{json,jsonl,ndjson}',
  '**/*.{txt,dat,gz,zip}',
];
const MAX_FILES = 100_000;

export function isRemote(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(url) && !url.startsWith('file://');
}

/** The files a path stands for, sorted by name: itself, what a pattern matches, or the data files of a folder.
 *  Of a folder that holds several kinds only the first kind counts (CSV, then Parquet, then JSON): an index beside the
 *  data is not data.
 *  @throws UpstreamError where there is nothing */
export async function expand(path: string, base: string): Promise<string[]> {
  const absolute = resolve(base, path.startsWith('file://') ? fileURLToPath(path) : path);
  const info = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw unreadable(path, error);
  });
  if (info?.isFile()) return [absolute];
  const found = info?.isDirectory() ? await inFolder(absolute) : await matching(path, base);
  if (found.length === 0) {
    throw new UpstreamError(
      info ? `${path}: the folder holds no data files` : `${path}: there is no such file`,
      {
        hint: 'expected a file, a folder or a pattern with .csv, .parquet or .json files (gz and zip too); see `source.urls`',
      },
    );
  }
  if (found.length > MAX_FILES) throw new UsageError(`${path}: ${found.length} files, at most ${MAX_FILES}`);
  return found.sort();
}

async function inFolder(folder: string): Promise<string[]> {
  const kinds = [[DATA[0], DATA[1]], [DATA[2]], [DATA[3]], [DATA[4]]];
  for (const patterns of kinds) {
    const found = await glob(patterns, { cwd: folder, absolute: true, caseSensitiveMatch: false });
    if (found.length > 0) return found;
  }
  return [];
}

async function matching(pattern: string, base: string): Promise<string[]> {
  return isDynamicPattern(pattern) ? glob(pattern, { cwd: base, absolute: true }) : [];
}

/** Copies a file while hashing it.
 *  @throws UpstreamError if it is longer than `maxBytes`, or cannot be read */
export async function copyHashed(
  from: string,
  to: string,
  options: { maxBytes: number; signal?: AbortSignal },
): Promise<{ bytes: number; sha256: string; modified: Date }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(bytes > options.maxBytes ? tooLong(from, options.maxBytes) : null, chunk);
    },
  });
  const { mtime } = await stat(from).catch((error) => {
    throw unreadable(from, error);
  });
  try {
    const target = createWriteStream(to, { flags: 'wx', flush: true });
    await pipeline([createReadStream(from), measured, target], { signal: options.signal });
  } catch (error) {
    if (['EACCES', 'EISDIR', 'ENOENT', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw unreadable(from, error);
    }
    throw error;
  }
  return { bytes, sha256: hash.digest('hex'), modified: mtime };
}

function tooLong(path: string, maxBytes: number): UpstreamError {
  return new UpstreamError(`${basename(path)}: more than ${maxBytes} bytes`, {
    hint: 'if the file really is that large, raise `source.max_bytes` in params.yaml',
  });
}

function unreadable(path: string, cause: unknown): UpstreamError {
  return new UpstreamError(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, {
    cause,
    hint: 'check that the file is there and that this user may read it',
  });
}
