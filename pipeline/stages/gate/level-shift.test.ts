import { expect, test } from 'vitest';
import { findShifts } from './level-shift.ts';

/** Weekly changes of five tracts around a course of levels, with a little noise of their own. */
function changes(levels: number[]): number[][] {
  return levels.map((level, week) =>
    week === 0
      ? []
      : [-2, -1, 0, 1, 2].map((tract) => Math.log(level / levels[week - 1]) + 0.01 * tract * (week % 3)),
  );
}

test('finds the week in which tests began to count twice as much', () => {
  const levels = Array.from(
    { length: 40 },
    (_, week) => (week < 20 ? 100 : 200) * (1 + 0.02 * Math.sin(week)),
  );
  const [shift, ...others] = findShifts(changes(levels));
  expect(others).toEqual([]);
  expect(shift.at).toBe(20);
  expect(Math.exp(shift.jump)).toBeCloseTo(2, 1);
});

test('an epidemic that grows and falls by half a week is no change of level', () => {
  const levels = Array.from({ length: 60 }, (_, week) => Math.exp(4 + 3 * Math.sin(week / 5)));
  expect(findShifts(changes(levels))).toEqual([]);
});

test('a week of holidays that comes back is no change of level', () => {
  const levels = Array.from(
    { length: 40 },
    (_, week) => (week === 20 ? 40 : 100) * (1 + 0.02 * Math.sin(week)),
  );
  expect(findShifts(changes(levels))).toEqual([]);
});

test('a step of a fifth is too small to tell, one of a half is told', () => {
  const step = (factor: number) =>
    Array.from({ length: 40 }, (_, week) => (week < 20 ? 100 : 100 * factor) * (1 + 0.01 * Math.sin(week)));
  expect(findShifts(changes(step(1.2)))).toEqual([]);
  expect(findShifts(changes(step(1.5)))).toHaveLength(1);
});

test('too short a series says nothing', () => {
  expect(findShifts(changes([100, 100, 100, 100, 200, 200, 200, 200]))).toEqual([]);
});

test('growth that doubles and doubles again is an epidemic, also where one week exceeds all', () => {
  // Italy's weeks around the first Omicron wave, in thousands.
  const levels = [
    60, 62, 65, 70, 78, 86, 96, 105, 110, 153, 251, 700, 1160, 1250, 1200, 950, 800, 600, 450, 330, 280,
  ];
  expect(findShifts(changes(levels))).toEqual([]);
});

test('a jump that only half of the tracts take part in is no change for all', () => {
  const step = (week: number, joins: boolean) => (joins && week === 20 ? Math.log(2) : 0.01 * Math.sin(week));
  const some = (joining: number) =>
    Array.from({ length: 40 }, (_, week) => [0, 1, 2, 3, 4].map((tract) => step(week, tract < joining)));
  expect(findShifts(some(3))).toEqual([]);
  expect(findShifts(some(4))).toHaveLength(1);
});
