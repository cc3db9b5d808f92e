import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';

test('reads minutes, hours, days and weeks, whole or not', () => {
  expect(parseDuration('30m')).toBe(1_800_000);
  expect(parseDuration('6h')).toBe(21_600_000);
  expect(parseDuration('1d')).toBe(86_400_000);
  expect(parseDuration('1.5d')).toBe(129_600_000);
  expect(parseDuration('2w')).toBe(1_209_600_000);
});

test('refuses what has no number, no unit or an unknown one', () => {
  for (const text of ['', 'd', '1', '1y', '1 d', '-1d', '1.d']) {
    expect(() => parseDuration(text), text).toThrow(RangeError);
  }
});
