import { describe, expect, it } from 'vitest';
import type { Panel } from '../../contracts/panel.ts';
import type { Measure } from '../../contracts/roles.ts';
import type { Observations } from './read-observations.ts';
import { targetRevisions } from './revisions.ts';

const panel = (length: number): Panel => ({
  step: 'day',
  start: 0,
  stepMs: 1,
  length,
  tracts: [],
  series: {},
});

type Entry = [cell: number, knownAt: number, value: number];

function observed(measure: Measure, entries: Entry[], length = 4): Observations {
  return {
    panel: panel(length),
    revisions: {
      cell: Int32Array.from(entries, ([cell]) => cell),
      knownAt: Float64Array.from(entries, ([, knownAt]) => knownAt),
      values: Float64Array.from(entries, ([, , value]) => value),
      measure,
      since: 2,
    },
  };
}

function revised(observations: Observations, name = 'new_cases', scale: 'count' | 'real' = 'count'): Entry[] {
  const { cell, knownAt, value } = targetRevisions(observations, observations.panel, { name, scale })!;
  return [...cell].map((at, i) => [at, knownAt[i], value[i]]);
}

describe('revisions of totals', () => {
  it('change the day’s own difference and the next day’s', () => {
    // Totals 100, 110, 130; then the middle one is corrected to 115.
    const entries: Entry[] = [
      [0, 2, 100],
      [1, 2, 110],
      [1, 3, 115],
      [2, 2, 130],
    ];
    expect(revised(observed('total_cases', entries))).toEqual([
      [1, 2, 10],
      [1, 3, 15],
      [2, 2, 20],
      [2, 3, 15],
    ]);
  });

  it('are one event where both days are corrected at once', () => {
    const entries: Entry[] = [
      [0, 2, 100],
      [0, 3, 101],
      [1, 2, 110],
      [1, 3, 111],
    ];
    expect(revised(observed('total_cases', entries))).toEqual([
      [1, 2, 10],
      [1, 3, 10],
    ]);
  });

  it('say nothing until both days are known, nor over a missing day', () => {
    const entries: Entry[] = [
      [0, 3, 100],
      [1, 2, 110],
      [3, 2, 140],
    ];
    expect(revised(observed('total_cases', entries))).toEqual([[1, 3, 10]]);
  });

  it('never run over from one tract into the next', () => {
    const entries: Entry[] = [
      [1, 2, 900],
      [2, 2, 10],
      [3, 2, 12],
    ];
    expect(revised(observed('total_cases', entries, 2))).toEqual([[3, 2, 2]]);
  });

  it('that fall are unknown, as a total that a portal took out is', () => {
    const entries: Entry[] = [
      [0, 2, 100],
      [1, 2, 90],
      [1, 3, NaN],
    ];
    expect(revised(observed('total_cases', entries))).toEqual([
      [1, 2, NaN],
      [1, 3, NaN],
    ]);
  });
});

describe('revisions of the target itself', () => {
  it('are as published, a negative count unknown', () => {
    const entries: Entry[] = [
      [0, 2, 5],
      [0, 3, -1],
    ];
    expect(revised(observed('new_cases', entries))).toEqual([
      [0, 2, 5],
      [0, 3, NaN],
    ]);
  });

  it('keep a frost: below zero is a temperature, not a correction', () => {
    expect(revised(observed('value', [[0, 2, -7.5]]), 'temperature', 'real')).toEqual([[0, 2, -7.5]]);
  });

  it('are none after a single snapshot', () => {
    const observations: Observations = { panel: panel(4), revisions: null };
    const target = { name: 'new_cases', scale: 'count' as const };
    expect(targetRevisions(observations, observations.panel, target)).toBeUndefined();
  });
});
