import { describe, expect, it } from 'vitest';
import type { Panel } from '../../contracts/panel.ts';
import { chooseTarget, dailyDifferences } from './target.ts';

const panel = (series: Panel['series'], length: number): Panel => ({
  step: 'day',
  start: 0,
  stepMs: 86_400_000,
  length,
  tracts: [{ id: 'a', name: 'A' }],
  series,
});

describe('chooseTarget', () => {
  it('takes new cases as published and the difference of totals where they are missing', () => {
    const target = chooseTarget(
      panel({ new_cases: Float64Array.from([1, NaN, 3]), total_cases: Float64Array.from([10, 12, 15]) }, 3),
      'new_cases',
    );
    expect([...target.values]).toEqual([1, 2, 3]);
    expect(target.scale).toBe('count');
  });

  it('takes a negative count for a correction: unknown, not minus', () => {
    const target = chooseTarget(panel({ new_cases: Float64Array.from([4, -2, 0]) }, 3), 'new_cases');
    expect([...target.values]).toEqual([4, NaN, 0]);
  });

  it('does not spread a total over the days it was not published', () => {
    const target = chooseTarget(panel({ total_cases: Float64Array.from([10, NaN, 30, 31]) }, 4), 'new_cases');
    expect([...target.values]).toEqual([NaN, NaN, NaN, 1]);
  });

  it('finds temperatures real and admissions counts', () => {
    expect(chooseTarget(panel({ value: Float64Array.from([1.5, -2]) }, 2), 'temp').scale).toBe('real');
    expect(chooseTarget(panel({ value: Float64Array.from([5, 0]) }, 2), 'admissions').scale).toBe('count');
    expect(chooseTarget(panel({ value: Float64Array.from([20.7, 17.9]) }, 2), 'temp').scale).toBe('real');
  });

  it('says so when there is nothing to forecast', () => {
    expect(() => chooseTarget(panel({}, 1), 'new_cases')).toThrow('neither new nor total cases');
    expect(() => chooseTarget(panel({}, 1), 'rain')).toThrow('rain');
  });
});

it('keeps the differences of two tracts apart', () => {
  expect([...dailyDifferences(Float64Array.from([1, 3, 100, 104]), 2)]).toEqual([NaN, 2, NaN, 4]);
});
