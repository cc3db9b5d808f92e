import { expect, it } from 'vitest';
import { byVersion, newestOf, nextTag, versionOf } from './version-number.ts';

it('reads its own tags and no others', () => {
  expect(versionOf('v1.20.3')).toEqual([1, 20, 3]);
  for (const other of ['1.2.3', 'v1.2', 'v1.2.3-rc1', 'v01.2.3', 'release-v1.2.3', 'v1.2.3\n'])
    expect(versionOf(other), other).toBeNull();
});

it('counts on from the highest number, not from the newest text', () => {
  const tags = ['v1.9.0', 'v1.10.2', 'nightly', 'v1.10.1'];
  expect(newestOf(tags)).toBe('v1.10.2');
  expect(nextTag(tags, 'patch')).toBe('v1.10.3');
  expect(nextTag(tags, 'minor')).toBe('v1.11.0');
  expect(nextTag(tags, 'major')).toBe('v2.0.0');
  expect([...tags.filter((tag) => versionOf(tag))].sort(byVersion)).toEqual(['v1.9.0', 'v1.10.1', 'v1.10.2']);
});

it('begins with v1.0.0', () => {
  expect(nextTag([], 'patch')).toBe('v1.0.0');
  expect(nextTag(['nightly'], 'major')).toBe('v1.0.0');
});
