import { describe, expect, it } from 'vitest';
import type { PackForecasts } from '../../pipeline/contracts/pack.ts';
import { before, compare, comparing } from './compare.ts';

type Tract = PackForecasts['tracts'][number];
const DAY_MS = 86_400_000;
const at = (day: number) => new Date(Date.UTC(2026, 5, 1) + day * DAY_MS).toISOString();

/** @param recent null: not observed */
function tractOf(recent: (number | null)[], ahead: number[]): Tract {
  return {
    id: '1',
    name: 'One',
    recent: recent.map((value, day) => ({ time: at(day), value: value ?? 999, observed: value !== null })),
    forecasts: ahead.map((point, index) => ({
      time: at(recent.length + index),
      horizon: index + 1,
      point,
      low: point - 1,
      high: point + 1,
    })),
  };
}

const pack = (tract: Tract, step?: PackForecasts['step']): PackForecasts => ({
  target: 'new_cases',
  step,
  last_time: at(13),
  tracts: [tract],
});
const two = (week: number[]) => [...week.map((value) => value * 2), ...week];
const WEEK = [10, 20, 30, 40, 50, 60, 70];

describe('compare', () => {
  it('adds up the next week and the last one', () => {
    const tract = tractOf(two(WEEK), [1, 2, 3, 4, 5, 6, 7]);
    const how = comparing(pack(tract, 'day'));
    expect(how).toEqual({ step: 'day', measure: 'sum', steps: 7 });
    expect(compare(tract, how)).toEqual({ last: 280, next: 28 });
  });

  it('compares fewer days with the same weekdays of the week before', () => {
    const tract = tractOf(two(WEEK), [1, 2, 3]);
    const how = comparing(pack(tract, 'day'));
    expect(before(tract, how).map(({ time }) => time)).toEqual([at(7), at(8), at(9)]);
    expect(compare(tract, how)).toEqual({ last: 60, next: 6 });
  });

  it('lets days that nobody reported count as the mean of the others, while these are half', () => {
    const [how, ahead] = [{ step: 'day', measure: 'sum', steps: 4 } as const, [1, 1, 1, 1]];
    const last = (recent: (number | null)[]) => compare(tractOf(recent, ahead), how).last;
    expect(last([10, null, 30, null, 0, 0, 0])).toBe(80);
    expect(last([10, null, null, null, 0, 0, 0])).toBeNull();
  });

  it('averages what is no count, and tells the step of an old pack', () => {
    const tract = tractOf([1.5, 2.5, 3.5, 0, 0, 0, 0], [4, 5, 6]);
    const how = comparing(pack(tract));
    expect(how).toEqual({ step: 'day', measure: 'mean', steps: 3 });
    expect(compare(tract, how)).toEqual({ last: 2.5, next: 5 });
  });

  it('says nothing of a tract without forecasts or without a past', () => {
    const how = { step: 'day', measure: 'sum', steps: 7 } as const;
    expect(compare(tractOf([], []), how)).toEqual({ last: null, next: null });
  });
});
