import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CorruptError, UsageError } from '../contracts/errors.ts';
import { MANIFEST, sealBundle, verifyBundle } from './manifest.ts';
import { sampleBundle } from './sample-bundle.testing.ts';

describe('a bundle', () => {
  it('is named by the SHA-256 of its manifest, whatever the order of its files', () => {
    const { files, digest } = sampleBundle('one');
    expect(createHash('sha256').update(files.get(MANIFEST)!).digest('hex')).toBe(digest);
    const { manifest } = verifyBundle(files, digest);
    const { format: _format, files: _files, ...facts } = manifest;
    expect(sealBundle(new Map([...files].reverse()), facts).digest).toBe(digest);
    expect(Object.keys(manifest.files)).toEqual(['model/weights.bin', 'schema.json']);
  });

  it('changes its name with any byte of any file', () => {
    expect(sampleBundle('one').digest).not.toBe(sampleBundle('onf').digest);
  });

  it.each([
    ['changed', (files: Map<string, Uint8Array>) => files.set('schema.json', Buffer.from('{}'))],
    ['missing', (files: Map<string, Uint8Array>) => files.delete('schema.json')],
    ['not in the manifest', (files: Map<string, Uint8Array>) => files.set('more.json', Buffer.from('{}'))],
    [
      'not canonical',
      (files: Map<string, Uint8Array>) => files.set(MANIFEST, respaced(files.get(MANIFEST)!)),
    ],
    ['no manifest', (files: Map<string, Uint8Array>) => files.set(MANIFEST, Buffer.from('{"format":1}'))],
  ])('with a file that is %s is not loaded', (_what, spoil) => {
    const { files } = sampleBundle('one');
    spoil(files);
    expect(() => verifyBundle(files)).toThrow(CorruptError);
  });

  it('names the file that is not what it was', () => {
    const { files } = sampleBundle('one');
    files.set('model/weights.bin', Buffer.from('x'));
    expect(() => verifyBundle(files)).toThrow(/model\/weights\.bin/);
  });

  it('is refused under another digest than the one approved', () => {
    expect(() => verifyBundle(sampleBundle('one').files, sampleBundle('two').digest)).toThrow(/expected/);
  });

  it.each([
    '../up',
    '/etc/passwd',
    'a/../../b',
    'a//b',
    'a\\b',
    'C:/x',
    '.hidden',
    'a/',
    '',
    'a\0b',
    '__proto__',
    'ä/b',
  ])('holds no path like %j', (path) => {
    const { manifest } = verifyBundle(sampleBundle('one').files);
    const { format: _format, files: _files, ...facts } = manifest;
    expect(() => sealBundle(new Map([[path, Buffer.from('x')]]), facts)).toThrow(UsageError);
  });
});

function respaced(bytes: Uint8Array): Uint8Array {
  return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(bytes).toString())));
}
