import { describe, expect, it } from 'vitest';
import { madePanel } from '../made-panel.testing.ts';
import { baseline, seasonOf } from './baselines.ts';
import { knownAt } from './known.ts';

const WEEK = [10, 20, 30, 40, 50, 60, 70];

function forecast(
  name: Parameters<typeof baseline>[0]['name'],
  value: (tract: number, t: number) => number,
  options = {},
) {
  const panel = madePanel({ length: 28, value, ...options });
  return Array.from(baseline({ name, season: 7, maxLead: 8 }).forecast(knownAt(panel, 27)));
}

describe('baselines', () => {
  it('persistence repeats the last value', () => {
    expect(forecast('persistence', (_, t) => t)).toEqual(new Array(8).fill(27));
  });

  it('seasonal naive repeats the same weekday, the week after next too', () => {
    expect(forecast('seasonal-naive', (_, t) => WEEK[t % 7])).toEqual([...WEEK, 10]);
  });

  it('growth multiplies by last week over the week before, less for the second week', () => {
    const values = forecast('seasonal-naive-growth', (_, t) => WEEK[t % 7] * (t >= 21 ? 120 : 100));
    const growth = Math.log((28_0 * 120 + 1) / (28_0 * 100 + 1));
    expect(values[0]).toBeCloseTo(1200 * Math.exp(growth), 6);
    expect(values[7]).toBeCloseTo(1200 * Math.exp(1.9 * growth), 6);
  });

  it('growth is believed up to twofold, in both directions', () => {
    expect(forecast('seasonal-naive-growth', (_, t) => (t >= 21 ? 400 : 100))[0]).toBeCloseTo(800, 6);
    expect(forecast('seasonal-naive-growth', (_, t) => (t >= 21 ? 100 : 400))[0]).toBeCloseTo(50, 6);
  });

  it('growth of real numbers is added, half of it', () => {
    const values = forecast('seasonal-naive-growth', (_, t) => (t >= 21 ? -8 : -4), { scale: 'real' });
    expect(values[0]).toBeCloseTo(-10, 9);
  });

  it('finds the season of a panel from what is observed', () => {
    const value = (_: number, t: number) => (t === 40 ? Number.NaN : WEEK[t % 7]);
    expect(seasonOf(knownAt(madePanel({ length: 80, value }), 79))).toBe(7);
  });
});
