import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UpstreamError } from '../../../pipeline/contracts/errors.ts';
import { refuseUnsafe } from '../../../pipeline/registry/manifest.ts';
import { httpReader } from './http-reader.ts';
import type { Reader } from './reader.ts';

/** A `released.json` in a folder, with its archives beside it or on web servers. */
export function fileReader(path: string): Reader & { name: string } {
  const web = httpReader(null);
  return {
    name: basename(path),
    where: path,
    async read(name, { seen, maxBytes, limitMs }) {
      if (/^https?:\/\//.test(name)) return await web.read(name, { seen, maxBytes, limitMs });
      refuseUnsafe(name);
      const file = join(dirname(path), name);
      try {
        const { mtimeMs, size, ino } = await stat(file);
        // A file that is replaced gets another inode, even within the clock's tick and at the same size.
        const tag = `${mtimeMs} ${size} ${ino}`;
        if (tag === seen) return 'unchanged';
        if (size > maxBytes)
          throw new UpstreamError(`${name} has ${size} bytes, at most ${maxBytes} expected`);
        return { bytes: await readFile(file), tag };
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') return null;
        if (cause instanceof UpstreamError) throw cause;
        throw new UpstreamError(`${name} cannot be read: ${code ?? cause}`, { cause });
      }
    },
    close: () => web.close(),
  };
}
