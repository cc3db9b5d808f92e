import { expect, it } from 'vitest';
import { isDue } from './due.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-07-29T12:00:00Z');
const ask = (change: Partial<Parameters<typeof isDue>[0]> & { age?: number }) => {
  const { age, ...rest } = change;
  return isDue({
    now: NOW,
    trained: age === undefined ? null : new Date(NOW.getTime() - age * DAY_MS),
    hasChampion: true,
    hasNewData: true,
    every: 'monthly',
    forced: false,
    ...rest,
  });
};

it('trains a first model', () => {
  expect(ask({ hasChampion: false })).toEqual({ due: true, reason: 'there is no champion yet' });
});

it.each([
  [0.5, false, 'trained today, again in 28 days (monthly)'],
  [1, false, 'trained 1 day ago, again in 27 days (monthly)'],
  [27.99, false, 'trained 27 days ago, again in 1 day (monthly)'],
  [28, true, 'trained 28 days ago (monthly)'],
])('trained %s days ago: due is %s', (age, due, reason) => {
  expect(ask({ age })).toEqual({ due, reason });
});

it('does not train on what it has learnt from already', () => {
  expect(ask({ age: 90, hasNewData: false })).toEqual({
    due: false,
    reason: 'trained 90 days ago, but nothing new was published since',
  });
});

it('trains whenever it is asked to', () => {
  expect(ask({ age: 0, forced: true, hasNewData: false }).due).toBe(true);
});
