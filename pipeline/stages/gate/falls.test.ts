import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findFalls, LONGEST_EXCURSION } from './falls.ts';

const total = (...values: number[]) => Float64Array.from(values);

test('a total that falls by a million for two days and comes back is masked for those two days', () => {
  const found = findFalls(total(5_000_000, 5_000_100, 4_000_200, 4_000_300, 5_000_400, 5_000_500));
  expect(found.masked).toEqual([2, 3]);
  expect(found.deep).toEqual([]);
  expect(found.falls).toBe(1);
});

test('a total that jumps up for a day and returns is masked on that day, not after it', () => {
  const found = findFalls(total(100, 110, 1_000_120, 130, 140, 150));
  expect(found.masked).toEqual([2]);
  expect(found.deep).toEqual([]);
});

test('a fall that never comes back stays as it is and is told of', () => {
  const found = findFalls(total(1000, 1010, 1020, 1030, 500, 510, 520, 530));
  expect(found.masked).toEqual([]);
  expect(found.deep).toEqual([4]);
});

test('a small correction is neither masked nor deep', () => {
  const found = findFalls(total(1000, 1010, 1020, 1016, 1030, 1040));
  expect(found).toMatchObject({ falls: 1, deep: [], masked: [] });
});

test('an excursion of the longest length is masked, one step more is a level of its own', () => {
  const dip = (length: number) =>
    total(...[9980, 9990, 10_000].concat(new Array(length).fill(5000), [10_010, 10_020, 10_030]));
  expect(findFalls(dip(LONGEST_EXCURSION)).masked).toHaveLength(LONGEST_EXCURSION);
  expect(findFalls(dip(LONGEST_EXCURSION + 1)).masked).toHaveLength(0);
});

test('unknown cells are stepped over', () => {
  const found = findFalls(total(5000, Number.NaN, 5010, 100, Number.NaN, 5020, 5030));
  expect(found.masked).toEqual([3]);
  expect(found.steps).toBe(4);
});

test('a series that goes up and down is not mended', () => {
  expect(findFalls(total(5, 900, 4, 800, 6, 700, 3, 900))).toMatchObject({ masked: [], deep: [] });
});

test('whatever never falls is never touched', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { maxLength: 60 }), (steps) => {
      let sum = 0;
      const found = findFalls(Float64Array.from(steps, (step) => (sum += step)));
      expect(found.falls).toBe(0);
      expect(found.masked).toEqual([]);
      expect(found.deep).toEqual([]);
    }),
  );
});
