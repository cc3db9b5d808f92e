import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import type { HistoryEntry } from '../../contracts/promotion.ts';
import { barredBy } from '../../stages/compare/barred.ts';
import { liftNewest } from './lift.ts';

const [first, second, recipe, others] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64));
const rollback = (day: number, from: string, digest: string, of = recipe): HistoryEntry => ({
  at: `2026-07-0${day}T00:00:00.000Z`,
  kind: 'rollback',
  by: 'ada',
  from,
  to: 'v0001',
  why: 'forecasts of zero',
  barred: { digest, recipe: of },
});
const lift = (history: HistoryEntry[], day: number) =>
  liftNewest(history, {
    model: 'infections',
    at: `2026-07-0${day}T00:00:00.000Z`,
    by: 'ben',
    why: 'it was the data',
  });

it('lifts the newest bar, then the one before, then there is none', () => {
  const history = [rollback(1, 'v0002', first), rollback(2, 'v0003', second, others)];
  const newest = lift(history, 3);
  expect(newest).toEqual({
    at: '2026-07-03T00:00:00.000Z',
    kind: 'lift',
    by: 'ben',
    from: null,
    to: 'v0003',
    why: 'it was the data',
    lifted: second,
  });
  const once = [...history, newest];
  expect(barredBy(once, { digest: second, recipe: others })).toBeNull();
  expect(barredBy(once, { digest: first, recipe })).not.toBeNull();
  const twice = [...once, lift(once, 4)];
  expect(barredBy(twice, { digest: first, recipe })).toBeNull();
  expect(() => lift(twice, 5)).toThrow('nothing of infections is barred');
});

it('lifts what was barred again after a lift', () => {
  const history = [rollback(1, 'v0002', first)];
  const again = [...history, lift(history, 2), rollback(3, 'v0002', first)];
  expect(barredBy(again, { digest: first, recipe })).not.toBeNull();
  expect(barredBy([...again, lift(again, 4)], { digest: first, recipe })).toBeNull();
});

it('is a file of its own, which the next decision reads', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lift-'));
  try {
    await addToHistory(folder, rollback(1, 'v0002', first));
    await addToHistory(folder, lift(await readHistory(folder), 2));
    expect(await readdir(folder)).toHaveLength(2);
    const history = await readHistory(folder);
    expect(barredBy(history, { digest: first, recipe })).toBeNull();
    expect(() => lift(history, 3)).toThrow('nothing of infections is barred');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
