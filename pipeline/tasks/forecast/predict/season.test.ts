import { describe, expect, it } from 'vitest';
import type { Step } from '../../../contracts/panel.ts';
import { findSeason } from './season.ts';

function block(length: number, step: Step, value: (t: number) => number, scale: 'count' | 'real' = 'count') {
  return { values: Float64Array.from({ length }, (_, t) => value(t)), tracts: 1, length, step, scale };
}
/** Deterministic noise in [-1, 1). */
const noise = (t: number) =>
  ((Math.sin(t * 12.9898) * 43758.5453) % 1) * 2 - Math.sign(Math.sin(t * 12.9898));

describe('findSeason', () => {
  it('finds the week in daily counts that rise and fall', () => {
    const weekly = [1, 1.1, 1.2, 1.1, 1, 0.7, 0.5];
    expect(
      findSeason(block(200, 'day', (t) => Math.round(weekly[t % 7] * 500 * (2 + Math.sin(t / 30))))),
    ).toBe(7);
  });

  it('finds the week of a portal that publishes on one day', () => {
    expect(findSeason(block(200, 'day', (t) => (t % 7 === 3 ? 700 + t : 0)))).toBe(7);
  });

  it('finds the day in hourly values and the year in weekly ones', () => {
    expect(findSeason(block(1000, 'hour', (t) => 10 + Math.sin((2 * Math.PI * t) / 24), 'real'))).toBe(24);
    expect(
      findSeason(block(180, 'week', (t) => 100 * Math.exp(2 * Math.sin((2 * Math.PI * t) / 52)) + 5)),
    ).toBe(52);
  });

  it('says 1 for noise, for smooth waves of no calendar and for a history that is too short', () => {
    expect(findSeason(block(300, 'day', (t) => 100 + 20 * noise(t), 'real'))).toBe(1);
    expect(findSeason(block(300, 'day', (t) => 100 + 90 * Math.sin(t / 40), 'real'))).toBe(1);
    expect(findSeason(block(12, 'day', (t) => (t % 7 === 0 ? 50 : 100)))).toBe(1);
    expect(findSeason(block(300, 'day', () => Number.NaN))).toBe(1);
  });
});
