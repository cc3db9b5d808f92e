import { describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { CorruptError, UsageError } from '../contracts/errors.ts';
import { unzipBundle, zipBundle } from './bundle-zip.ts';
import { verifyBundle } from './manifest.ts';
import { sampleBundle } from './sample-bundle.testing.ts';

async function zipOf(files: [string, string | Buffer][], options = {}): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of files) zip.addBuffer(Buffer.from(content), name, options);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A name of the same length that no zip library would write. */
const renamed = (zip: Buffer, from: string, to: string) =>
  Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');

describe('a bundle as a zip', () => {
  it('comes out as it went in, and is the same bytes whatever the order', async () => {
    const { files, digest } = sampleBundle('one');
    const zip = await zipBundle(files);
    expect(verifyBundle(await unzipBundle(zip), digest).digest).toBe(digest);
    expect((await zipBundle(new Map([...files].reverse()))).equals(zip)).toBe(true);
  });

  it('goes in with safe names alone', async () => {
    await expect(zipBundle(new Map([['../x', Buffer.from('')]]))).rejects.toThrow(UsageError);
  });

  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ['what is no zip', async () => Buffer.from('nothing'), /no zip/],
    [
      'half of one',
      async () => (await zipBundle(sampleBundle('one').files)).subarray(0, 300),
      /no zip|damaged/,
    ],
    [
      'a name that climbs',
      async () => renamed(await zipOf([['aa/x.json', '']]), 'aa/x', '../x'),
      /damaged|elsewhere/,
    ],
    [
      'an absolute name',
      async () => renamed(await zipOf([['a/x.json', '']]), 'a/x', '/ax'),
      /damaged|elsewhere/,
    ],
    ['__proto__', () => zipOf([['__proto__', 'x']]), /elsewhere/],
    [
      'a name with a backslash',
      async () => renamed(await zipOf([['a/x.json', '']]), 'a/x', 'a\\x'),
      /damaged|elsewhere/,
    ],
    ['a link', () => zipOf([['a.json', '/etc/passwd']], { mode: 0o120777 }), /no plain file/],
    ['a bomb', () => zipOf([['a.json', Buffer.alloc(2_000_000)]]), /unpacks to more than 1000000/],
    ['many small ones', () => zipOf(Array.from({ length: 21 }, (_, at) => [`${at}.json`, 'x'])), /21 files/],
  ])('refuses %s', async (_what, zip, said) => {
    const refused = unzipBundle(await zip(), { files: 20, unpackedBytes: 1_000_000 });
    await expect(refused).rejects.toThrow(CorruptError);
    await expect(refused).rejects.toThrow(said);
  });
});
