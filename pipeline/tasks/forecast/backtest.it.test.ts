import { describe, expect, it } from 'vitest';
import type { TargetPanel } from '../../contracts/panel.ts';
import { backtest } from './backtest.ts';
import { baselineCandidate } from './candidates.ts';
import { jitter, madePanel, wave } from './made-panel.testing.ts';
import { BASELINES } from './predict/baselines.ts';
import { TREES, treesCandidate } from './trees.ts';

const small = { boosting: { ...TREES.boosting, rounds: 30 }, maxRows: 8000 };
const candidates = [
  ...BASELINES.map(baselineCandidate),
  treesCandidate('trees', small),
  treesCandidate('trees-level', { ...small, offset: 'level' }),
];

function run(panel: TargetPanel, from = panel.length - 40, horizons = [1, 7]) {
  return backtest({ panel, from, to: panel.length - 1, horizons, candidates });
}

describe('backtest', () => {
  it('prints every model for both targets, scores the days asked for, and the challenger beats the baselines on the next day', async () => {
    const panel = madePanel({ tracts: 4, length: 320, value: wave });
    const strong = { boosting: { ...TREES.boosting, rounds: 150 }, maxRows: 20_000 };
    const { rows } = await backtest({
      panel,
      from: panel.length - 40,
      to: panel.length - 1,
      horizons: [1, 7],
      candidates: [
        ...BASELINES.map(baselineCandidate),
        treesCandidate('trees', strong),
        treesCandidate('trees-level', { ...strong, offset: 'level' }),
      ],
    });
    expect(new Set(rows.map((row) => row.model))).toEqual(
      new Set([...BASELINES, 'trees', 'trees-level', 'blend', 'challenger']),
    );
    expect(rows.every((row) => row.n === 40 * 4)).toBe(true);
    const wape = (model: string, target: string, horizon: number) =>
      rows.find((row) => row.model === model && row.target === target && row.horizon === horizon)?.wape ??
      Number.NaN;
    const least = Math.min(...BASELINES.map((name) => wape(name, 'new', 1)));
    expect(wape('challenger', 'new', 1)).toBeLessThan(0.9 * least);
  }, 60_000);

  it('does not look at what the panel holds after the last day', async () => {
    const whole = madePanel({ tracts: 2, length: 260, value: wave });
    const dirty = madePanel({
      tracts: 2,
      length: 260,
      value: (tract, t) => (t > 220 ? 1e9 : wave(tract, t)),
    });
    const rows = async (panel: TargetPanel) =>
      (await backtest({ panel, from: 190, to: 220, horizons: [1, 3], candidates })).rows;
    expect(await rows(dirty)).toEqual(await rows(whole));
  });

  const odd: Record<string, TargetPanel> = {
    'publishes once a week': madePanel({ length: 300, value: (_, t) => (t % 7 === 2 ? 500 + 3 * t : 0) }),
    'stops reporting on weekends half-way': madePanel({
      tracts: 2,
      length: 300,
      value: (tract, t) => (t > 150 && t % 7 > 4 ? 0 : wave(tract, t)),
    }),
    'misses days at random': madePanel({
      tracts: 3,
      length: 300,
      value: (tract, t) => (jitter(tract, t) > 0.6 ? Number.NaN : wave(tract, t)),
    }),
    'counts a case now and then': madePanel({
      tracts: 3,
      length: 300,
      value: (tract, t) => (jitter(tract, t) > 0.8 ? 1 : 0),
    }),
    'is all zeros': madePanel({ length: 300, value: () => 0 }),
    'dumps half a million old cases on one day': madePanel({
      length: 300,
      value: (_, t) => (t === 280 ? 500_000 : wave(0, t)),
    }),
    'has a tract with 30 days and one with none': madePanel({
      tracts: 3,
      length: 300,
      value: (tract, t) => (tract === 2 || (tract === 1 && t < 270) ? Number.NaN : wave(tract, t)),
    }),
    'is short': madePanel({ length: 60, value: (_, t) => wave(0, t) }),
    'is two weeks long before the first scored day': madePanel({ length: 54, value: (_, t) => wave(0, t) }),
    'holds negative real numbers': madePanel({
      length: 300,
      scale: 'real',
      value: (_, t) => -5 + 10 * Math.sin(t / 58) + jitter(0, t),
    }),
    'is constant and real': madePanel({ length: 200, scale: 'real', value: () => -3 }),
    'is weekly': madePanel({
      tracts: 3,
      length: 150,
      step: 'week',
      value: (tract, t) => Math.round((20 + 50 * tract) * Math.exp(2 * Math.sin((2 * Math.PI * t) / 52))),
    }),
    'is hourly': madePanel({
      length: 800,
      step: 'hour',
      scale: 'real',
      value: (_, t) => 10 * Math.sin((2 * Math.PI * t) / 24) + jitter(0, t),
    }),
    'is monthly': madePanel({
      length: 90,
      step: 'month',
      value: (_, t) => 100 + 50 * Math.sin((2 * Math.PI * t) / 12),
    }),
    'is published two days late': madePanel({ length: 300, delay: 2, value: (_, t) => wave(0, t) }),
  };
  for (const [title, panel] of Object.entries(odd)) {
    it(`answers with numbers, not much worse than the best baseline, for a series that ${title}`, async () => {
      const { rows } = await run(panel);
      const maeOf = (model: string, horizon: number) =>
        rows.find((row) => row.model === model && row.target === 'new' && row.horizon === horizon)
          ?.mae as number;
      for (const horizon of [1, 7]) {
        const best = Math.min(...BASELINES.map((name) => maeOf(name, horizon)));
        expect(maeOf('challenger', horizon)).toBeLessThanOrEqual(1.35 * best + 0.5);
      }
      for (const row of rows) expect(row.wis).not.toBeNull();
    });
  }

  it('says so where there is nothing to backtest', async () => {
    const panel = madePanel({ length: 100, value: wave });
    await expect(run(panel, 3)).rejects.toThrow(RangeError);
    await expect(backtest({ panel, from: 90, to: 80, horizons: [1], candidates })).rejects.toThrow(
      /nothing to backtest/,
    );
  });
});
