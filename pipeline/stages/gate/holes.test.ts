import { expect, test } from 'vitest';
import { missingOfTract, missingSteps } from './holes.ts';

const DAY = 86_400_000;
const days = (...indices: number[]) => Float64Array.from(indices, (index) => index * DAY);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('counts each day between first and last that nothing was published on', () => {
  expect(missingSteps(days(0, 1, 3, 6), 'day')).toEqual([2 * DAY, 4 * DAY, 5 * DAY]);
});

test('days out of the span are no holes', () => {
  expect(missingSteps(days(10, 11), 'day')).toEqual([]);
  expect(missingSteps(days(10), 'day')).toEqual([]);
});

test('Sundays that are never published are no holes, a Sunday missing by itself is one', () => {
  const noSundays = days(...range(0, 70).filter((day) => day % 7 !== 3));
  expect(missingSteps(noSundays, 'day')).toEqual([]);
  const oneMissing = days(...range(0, 70).filter((day) => day !== 31));
  expect(missingSteps(oneMissing, 'day')).toEqual([31 * DAY]);
});

test('a hole of six weeks is a hole on each of its days', () => {
  expect(missingSteps(days(...range(0, 60), ...range(102, 160)), 'day')).toHaveLength(42);
});

test('weekly and monthly series have no daily holes', () => {
  expect(missingSteps(days(0, 7, 14, 28), 'week')).toEqual([21 * DAY]);
  const months = [0, 1, 3].map((month) => Date.UTC(2021, month, 1));
  expect(missingSteps(Float64Array.from(months), 'month')).toEqual([Date.UTC(2021, 2, 1)]);
});

test('a tract lacks what others published within its own span', () => {
  const published = days(0, 1, 2, 3, 4, 5);
  expect(missingOfTract(days(1, 2, 4), published)).toEqual({ missing: 1, first: 3 * DAY });
  expect(missingOfTract(days(2, 3, 4), published)).toEqual({ missing: 0, first: null });
});
