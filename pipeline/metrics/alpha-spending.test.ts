import { expect, it } from 'vitest';
import { alphaAtLook } from './alpha-spending.ts';

it('spends most of alpha on the first look, and a quarter of that on the second', () => {
  expect(alphaAtLook(0.05, 1)).toBeCloseTo(0.030396, 6);
  expect(alphaAtLook(0.05, 2)).toBeCloseTo(0.030396 / 4, 6);
});

it('spends no more than alpha however often one looks', () => {
  let spent = 0;
  for (let look = 1; look <= 100_000; look++) spent += alphaAtLook(0.05, look);
  expect(spent).toBeLessThan(0.05);
  expect(spent).toBeGreaterThan(0.0499);
});

it('refuses looks that cannot be counted', () => {
  for (const look of [0, -1, 1.5, NaN]) expect(() => alphaAtLook(0.05, look)).toThrow(RangeError);
});
