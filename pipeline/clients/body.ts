import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { isOurDisk } from './file-names.ts';
import { AttemptError } from './retry.ts';
import { failureOf } from './transport-failure.ts';

export interface ReceiveOptions {
  /** Size on the wire, and after decoding. */
  maxBytes: number;
  encoding?: string;
  signal: AbortSignal;
  onBytes?: (bytes: number) => void;
}

/** Streams a body to disk while hashing it; what is cut short does not stay.
 *  @throws AttemptError */
export async function receive(
  body: Readable,
  path: string,
  options: ReceiveOptions,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const wire = limit(options.maxBytes);
  const measured = limit(options.maxBytes, (chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
    options.onBytes?.(bytes);
  });
  const decoding = decoders(options.encoding);
  // `flush` is fsync before close: a power cut after the rename must not leave an empty file.
  const file = createWriteStream(path, { flags: 'wx', flush: true });
  try {
    await pipeline([body, wire, ...decoding, measured, file], { signal: options.signal });
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof AttemptError || options.signal.aborted || isOurDisk(error)) throw error;
    throw failureOf(error);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function decoders(encoding: string | undefined): Transform[] {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name && name !== 'identity');
  return names.reverse().map((name) => {
    if (name === 'gzip' || name === 'x-gzip') return createGunzip();
    if (name === 'deflate') return createInflate();
    if (name === 'br') return createBrotliDecompress();
    throw new AttemptError(`content-encoding "${name}" was not asked for and cannot be read`, {
      passing: false,
      hint: 'tell the portal, or use another address',
    });
  });
}

function limit(maxBytes: number, see?: (chunk: Buffer) => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) return done(tooLarge(`more than ${maxBytes} bytes`, maxBytes));
      see?.(chunk);
      done(null, chunk);
    },
  });
}

export function tooLarge(seen: string, maxBytes: number): AttemptError {
  return new AttemptError(`body too large: ${seen}, at most ${maxBytes} expected`, {
    passing: false,
    hint: 'check the address; if the file really is that large, raise `source.max_bytes` in params.yaml',
  });
}
