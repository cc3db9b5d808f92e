import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { bringsKey, keyHashOf } from './api-keys.ts';

const hash = (key: string) => createHash('sha256').update(key).digest('hex');
const brings = (authorization: string | undefined, known: string[]) =>
  bringsKey({ headers: { authorization } }, known);

it('lets in who brings one of the keys, and nobody else', () => {
  const known = [hash('first'), hash('second')];
  expect(brings('Bearer second', known)).toBe(true);
  expect(brings('bearer first', known)).toBe(true);
  expect(brings('Bearer third', known)).toBe(false);
  expect(brings(undefined, known)).toBe(false);
  expect(brings('Basic first', known)).toBe(false);
  expect(brings('Bearer first second', known)).toBe(false);
  expect(brings(`Bearer ${hash('first')}`, known)).toBe(false);
});

it('lets nobody in where there are no keys', () => {
  expect(brings('Bearer first', [])).toBe(false);
});

it('does not hash what is far too long to be a key', () => {
  expect(keyHashOf({ headers: { authorization: `Bearer ${'x'.repeat(513)}` } })).toBeNull();
});
