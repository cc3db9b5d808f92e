import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../contracts/promotion.ts';
import { barredBy, refusedAsBarred } from './barred.ts';
import type { Decision } from './decide.ts';

const [bad, other, recipe, newer] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64));
const entry = (more: Partial<HistoryEntry>): HistoryEntry => ({
  at: '2026-07-01T00:00:00.000Z',
  kind: 'rollback',
  by: 'ada',
  from: 'v0002',
  to: 'v0001',
  why: 'forecasts of zero',
  ...more,
});
const rollback = entry({ barred: { digest: bad, recipe } });

describe('a rollback bars', () => {
  it('the very bundle that it took away', () => {
    expect(barredBy([rollback], { digest: bad, recipe: newer })).toMatchObject({ by: 'ada' });
  });
  it('another one of the same recipe', () => {
    expect(barredBy([rollback], { digest: other, recipe })).toMatchObject({ by: 'ada' });
  });
  it('none of another recipe', () => {
    expect(barredBy([rollback], { digest: other, recipe: newer })).toBeNull();
  });
  it('no other one where recipes cannot be told', () => {
    const untold = entry({ barred: { digest: bad, recipe: null } });
    expect(barredBy([untold], { digest: other, recipe: null })).toBeNull();
    expect(barredBy([untold], { digest: bad, recipe: null })).not.toBeNull();
  });
  it('nothing once a person has lifted it, until the next rollback', () => {
    const lift = entry({ kind: 'lift', lifted: bad });
    expect(barredBy([rollback, lift], { digest: bad, recipe })).toBeNull();
    expect(barredBy([lift, rollback], { digest: bad, recipe })).not.toBeNull();
  });
  it('nothing where it did not say so', () => {
    expect(barredBy([entry({})], { digest: bad, recipe })).toBeNull();
  });
});

it('refuses what is barred, with the reason of the rollback', () => {
  const better = {
    ...{ outcome: 'better', merge: true, promote: true, reason: 'better', rules: [] },
    challenger: { name: 'lstm', digest: bad, score: 0.1 },
  } as unknown as Decision;
  const refused = refusedAsBarred(better, { ...rollback, barred: { digest: bad, recipe } });
  expect(refused).toMatchObject({ outcome: 'refused', merge: false, promote: false });
  expect(refused.reason).toContain('ada took back on 2026-07-01: forecasts of zero');
});
