import { expect, it } from 'vitest';
import { CorruptError } from '../../contracts/errors.ts';
import { joinLock } from './join-lock.ts';

const lock = (stages: Record<string, string>) =>
  `schema: '2.0'\nstages:\n${Object.entries(stages)
    .map(
      ([stage, md5]) =>
        `  ${stage}:\n    cmd: npm run x -- ${stage}\n    outs:\n    - path: artifacts/${stage}\n      hash: md5\n      md5: ${md5}\n`,
    )
    .join('')}`;

it('takes the entries of one model and leaves all others as they are, to the byte', () => {
  const base = lock({ 'features@a': '111', 'train@a': '222', 'features@b': '333' });
  const other = lock({ 'features@a': '999', 'train@a': '888', 'features@b': '777' });
  const joined = joinLock(base, [{ from: other, model: 'a', stages: ['features'] }]);
  expect(joined).toBe(lock({ 'features@a': '999', 'train@a': '222', 'features@b': '333' }));
});

it('changes not a letter where the entries are the same', () => {
  const base = lock({ 'features@a': '111' });
  expect(joinLock(base, [{ from: base, model: 'a', stages: ['features', 'train'] }])).toBe(base);
});

it('begins one where there is none, and takes nothing from none', () => {
  const other = lock({ 'train@a': '888' });
  expect(joinLock(null, [{ from: other, model: 'a', stages: ['train'] }])).toBe(other);
  expect(joinLock(other, [{ from: null, model: 'a', stages: ['train'] }])).toBe(other);
  expect(joinLock(null, [])).toBeNull();
});

it('refuses what DVC did not write', () => {
  expect(() => joinLock('- 1\n', [{ from: '- 1\n', model: 'a', stages: ['train'] }])).toThrow(CorruptError);
});
