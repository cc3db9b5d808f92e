import { open } from 'node:fs/promises';

export type Content = 'csv' | 'parquet' | 'json' | 'gzip' | 'zip' | 'html' | 'tar' | 'empty';

export const HEAD_BYTES = 65_536;

/** What a file is by its first bytes; names and content-types are often wrong. Text that is nothing else is CSV. */
export async function contentOf(path: string): Promise<Content> {
  return recognise(await head(path));
}

async function head(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export function recognise(bytes: Buffer): Content {
  if (bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  if (bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && [3, 5].includes(bytes[2])) return 'zip';
  if (bytes.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  if (bytes.length > 262 && bytes.subarray(257, 262).toString('latin1') === 'ustar') return 'tar';
  // UTF-16 reads as Latin-1 with zeros between: enough to see what kind of text it is.
  const text = bytes
    .toString('latin1')
    .replaceAll('\0', '')
    .replace(/^(?:ï»¿|ÿþ|þÿ)/, '')
    .trimStart();
  if (text === '') return 'empty';
  if (/^<(?:!doctype|!--|\?xml|[a-z][a-z0-9:]*[\s/>])/i.test(text)) return 'html';
  // A CSV may begin with a bracket too ("[2020] cases"): JSON goes on as only JSON does.
  if (/^(?:\{\s*["}]|\[\s*[[{"\d\]-])/.test(text) && !/^\[[^\],]*\][^,\]]*[,;\t]/.test(text)) return 'json';
  return 'csv';
}
