import { describe, expect, it } from 'vitest';
import { openArtifact } from './open-artifact.ts';
import { Refusal } from './refusal.ts';
import { patched, zipped } from './sample-zip.testing.ts';

const LIMITS = { files: 3, jsonBytes: 1_000, unpackedBytes: 5_000 };

describe('openArtifact', () => {
  it('gives the files of a review, and only those', async () => {
    const files = await openArtifact(
      await zipped([
        ['review.json', '{}'],
        ['forecasts.parquet', 'PAR1'],
        ['report.md', '# hi'],
      ]),
    );
    expect([...files].map(([name, bytes]) => [name, bytes.toString()])).toEqual([
      ['review.json', '{}'],
      ['forecasts.parquet', 'PAR1'],
      ['report.md', '# hi'],
    ]);
  });

  const nothing = async () => Buffer.from('no zip at all, but long enough to look for an end of one');
  const cases: [string, () => Promise<Buffer>, RegExp][] = [
    ['what is no zip', nothing, /no zip/],
    ['an empty file', async () => Buffer.alloc(0), /no zip/],
    [
      'a zip cut off in the middle',
      async () => (await zipped([['review.json', '{}']])).subarray(0, -30),
      /no zip/,
    ],
    ['a name that no review has', () => zipped([['evil.sh', 'rm']]), /"evil.sh", which no review has/],
    ['a file in a folder', () => zipped([['a/review.json', '{}']]), /which no review has/],
    ['a name in other letters', () => zipped([['Review.json', '{}']]), /which no review has/],
    ['a name with a hidden letter', () => zipped([['review\u200b.json', '{}']]), /which no review has/],
    [
      'a path that climbs',
      async () => patched(await zipped([['ab/review.json', '{}']]), 'ab/', '../'),
      /damaged/,
    ],
    [
      'an absolute path',
      async () => patched(await zipped([['a/review.json', '{}']]), 'a/r', '//r'),
      /damaged|which no review/,
    ],
    [
      'a path with a backslash',
      async () => patched(await zipped([['ab/review.json', '{}']]), 'ab/', '..\\'),
      /damaged|which no review/,
    ],
    [
      'a name that comes twice',
      () =>
        zipped([
          ['review.json', '{}'],
          ['review.json', '{"a":1}'],
        ]),
      /twice/,
    ],
    ['a symbolic link', () => zipped([['review.json', '/etc/passwd']], { mode: 0o120777 }), /no plain file/],
    [
      'a JSON that is too large',
      () => zipped([['review.json', Buffer.alloc(1_001, 32)]]),
      /more than 1000 bytes/,
    ],
    [
      'more than may be unpacked in all',
      () =>
        zipped([
          ['report.md', Buffer.alloc(4_000)],
          ['forecasts.parquet', Buffer.alloc(1_001)],
        ]),
      /more than 1000 bytes/,
    ],
    ['too many files', () => zipped(['a', 'b', 'c', 'd'].map((name) => [name, ''])), /holds 4 files/],
    [
      'content that does not unpack',
      async () => {
        const zip = await zipped([['review.json', 'hello hello hello hello']]);
        return zip.fill(0xff, 30 + 'review.json'.length, 36 + 'review.json'.length);
      },
      /damaged/,
    ],
  ];
  for (const [what, zip, why] of cases)
    it(`refuses ${what}`, async () => {
      const refused = await openArtifact(await zip(), LIMITS).catch((error) => error);
      expect(refused).toBeInstanceOf(Refusal);
      expect(refused.message).toMatch(why);
    });

  it('counts what comes out of a bomb that says it is small', async () => {
    const bomb = await zipped([['forecasts.parquet', Buffer.alloc(3_000_000)]]);
    expect(bomb.length).toBeLessThan(10_000);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(3_000_000);
    const small = Buffer.alloc(4);
    small.writeUInt32LE(100);
    const lying = patched(bomb, size.toString('latin1'), small.toString('latin1'));
    await expect(openArtifact(lying, LIMITS)).rejects.toThrow(Refusal);
  });
});
