import { describe, expect, it } from 'vitest';
import { baselineCandidate } from './candidates.ts';
import { madePanel, wave } from './made-panel.testing.ts';
import { type Rolled, roll } from './rolling.ts';
import { TREES, treesCandidate } from './trees.ts';

const small = { boosting: { ...TREES.boosting, rounds: 12 } };
const candidates = () => [
  baselineCandidate('seasonal-naive-growth'),
  treesCandidate('trees', small),
  treesCandidate('trees-level', { ...small, offset: 'level' }),
];

function request(panel: ReturnType<typeof madePanel>) {
  return {
    panel,
    candidates: candidates(),
    cutoffs: [90, 110] as [number, number],
    refitEvery: 10,
    maxHorizon: 3,
    seed: 1,
  };
}

describe('roll', () => {
  it('sees nothing after a cutoff: a poisoned future leaves every bit of the forecasts', async () => {
    const options = { tracts: 3, length: 130, delay: 1, country: 'IT' };
    const clean = await roll(request(madePanel({ ...options, value: (tract, t) => wave(tract, t) })));
    const poisoned = madePanel({ ...options, value: (tract, t) => wave(tract, t) });
    const poisonFrom = 100; // cutoffs up to 100 know days up to 99
    for (let cell = 0; cell < poisoned.values.length; cell++) {
      if (cell % poisoned.length < poisonFrom) continue;
      poisoned.values[cell] = cell % 2 ? Number.NaN : 1e12;
      poisoned.observed[cell] = cell % 3 ? 1 : 0;
    }
    const dirty = await roll(request(poisoned));
    const upTo = (one: Rolled) => one.values.slice(0, (100 - 90 + 1) * one.tracts * one.maxLead);
    for (const [index, one] of clean.entries()) {
      expect(Buffer.from(upTo(dirty[index]).buffer).equals(Buffer.from(upTo(one).buffer))).toBe(true);
      expect(upTo(one).every(Number.isFinite)).toBe(true);
    }
    // the poison works: a later cutoff, which sees it, answers otherwise
    expect(dirty[0].values.at(-1)).not.toBe(clean[0].values.at(-1));
  });

  it('goes on without a candidate that cannot be fitted, and says why', async () => {
    const broken = {
      ...baselineCandidate('persistence'),
      name: 'broken',
      fit: () => Promise.reject(new Error('diverged')),
    };
    const panel = madePanel({ length: 130, value: wave });
    const [good, bad] = await roll({ ...request(panel), candidates: [candidates()[0], broken] });
    expect(bad.failure).toBe('diverged');
    expect(bad.values.every(Number.isNaN)).toBe(true);
    expect(good.values.every(Number.isFinite)).toBe(true);
  });

  it('stops when asked to', async () => {
    const panel = madePanel({ length: 130, value: wave });
    await expect(roll({ ...request(panel), signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
  });
});
