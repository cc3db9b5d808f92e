import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { z } from 'zod';
import { CorruptError } from './contracts/errors.ts';

/** Writes a file whole or not at all: to a temporary name beside it, then renamed.
 *  @param options.mode rights of the file, from its first byte on; default: those that it has, or the usual ones */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // The package's own write takes a short one, as a disk gives that fills up, for a whole one.
  const tmpfileCreated = (temporary: string) => writeFile(temporary, content);
  await writeFileAtomic(path, NOTHING_MORE, { ...options, tmpfileCreated });
}

const NOTHING_MORE = Buffer.alloc(0);

/** JSON with sorted indentation and a final newline, checked against its contract before it is written. */
export async function writeJson<T extends z.ZodType>(
  path: string,
  schema: T,
  value: z.input<T>,
): Promise<void> {
  await writeWhole(path, `${JSON.stringify(schema.parse(value), null, 2)}\n`);
}

/** @returns null if there is no such file
 *  @throws CorruptError if it is there and does not parse */
export async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CorruptError(`${path} is not what its schema expects`, {
      cause,
      hint: `restore it from git or DVC, or delete it if it may be made again`,
      facts: { path },
    });
  }
}
