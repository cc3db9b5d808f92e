import { describe, expect, it } from 'vitest';
import type { LeftBy } from './left.ts';
import { joinRun } from './proposal.ts';
import type { RobotFiles } from './robot-files.ts';
import {
  digest,
  lockOf,
  production as productionOf,
  promotion as promotionOf,
  robotFiles,
  source,
} from './sample-robot-files.testing.ts';
import { startState } from './start-state.ts';

const day = (n: number) => `2026-07-0${n}T06:00:00.000Z`;
const production = (of: string, version: string) => productionOf('m', { of, version, at: day(1) });
const promotion = (at: string, of: string, champion: string | null, promote: boolean) =>
  promotionOf('m', { at, of, champion, promote });
const lock = (features: string, train: string) => lockOf('m', { features, train });

const master = robotFiles({
  'data.dvc': 'data of day 1',
  'dvc.lock': lock('f1', 't1'),
  'reports/m/source.json': source(day(1)),
  'reports/m/gate.json': 'gate of day 1',
  'reports/m/production.json': production('a', 'v0001'),
  'reports/m/promotion.json': promotion(day(1), 'a', null, true),
});
const dayTwo = {
  'data.dvc': 'data of day 2',
  'dvc.lock': lock('f2', 't2'),
  'reports/m/source.json': source(day(2)),
  'reports/m/gate.json': 'gate of day 2',
};
const over = (base: RobotFiles, entries: Record<string, unknown>) =>
  new Map([...base, ...robotFiles(entries)]);
const text = (from: RobotFiles, path: string) => from.get(path) ?? null;

describe('where a run starts', () => {
  it('is master where there is no data branch, or where that is behind', () => {
    expect(startState(master, null)).toEqual(master);
    const behind = over(master, { ...dayTwo, 'reports/m/source.json': source('2026-06-30T06:00:00.000Z') });
    expect(text(startState(master, behind), 'data.dvc')).toBe('data of day 1');
  });

  it('goes on from days that nobody has merged yet', () => {
    const state = startState(master, over(master, dayTwo));
    expect(text(state, 'data.dvc')).toBe('data of day 2');
    expect(text(state, 'reports/m/gate.json')).toBe('gate of day 2');
    // What was trained is master's still.
    expect(text(state, 'dvc.lock')).toBe(lock('f2', 't1'));
  });

  it('takes no promotion from the data branch, whatever that says', () => {
    const forged = over(master, {
      ...dayTwo,
      'reports/m/production.json': production('b', 'v0002'),
      'reports/m/promotion.json': promotion(day(2), 'b', 'a', true),
    });
    const state = startState(master, forged);
    expect(text(state, 'reports/m/production.json')).toBe(text(master, 'reports/m/production.json'));
    expect(text(state, 'reports/m/promotion.json')).toBe(text(master, 'reports/m/promotion.json'));
  });

  it('remembers a refused challenger with its history: it is not trained again the next day', () => {
    const refusal = { 'reports/m/promotion.json': promotion(day(2), 'b', 'a', false) };
    const history = { 'reports/m/history/2026-07-02-refusal-v0002.json': '{}' };
    const state = startState(master, over(master, { ...dayTwo, ...refusal, ...history }));
    expect(text(state, 'reports/m/promotion.json')).toContain('not-better');
    expect(text(state, 'reports/m/history/2026-07-02-refusal-v0002.json')).toBe('{}');
    expect(text(state, 'dvc.lock')).toBe(lock('f2', 't2'));
  });

  it('forgets a refusal against a champion that is none any more', () => {
    const refusal = { 'reports/m/promotion.json': promotion(day(2), 'b', 'e', false) };
    const state = startState(master, over(master, { ...dayTwo, ...refusal }));
    expect(text(state, 'reports/m/promotion.json')).toBe(text(master, 'reports/m/promotion.json'));
  });

  it('counts a promotion that waits for its reviewer as a look at the champion', () => {
    const pending = over(master, {
      'reports/m/production.json': production('b', 'v0002'),
      'reports/m/promotion.json': promotion(day(2), 'b', 'a', true),
    });
    const state = startState(master, null, [pending]);
    const entry = JSON.parse(
      text(state, 'reports/m/history/2026-07-02T06-00-00-000Z-refusal-v0002.json') ?? '{}',
    );
    expect(entry).toMatchObject({ kind: 'refusal', from: 'v0001', to: 'v0002', at: day(2) });
  });
});

describe('what a run proposes', () => {
  const collect = (entries: Record<string, unknown>): LeftBy<'collect'> => ({
    kind: 'collect',
    data_branch: null,
    collected: ['m'],
    files: over(master, entries),
  });
  const train = (change: Partial<LeftBy<'train'>>): LeftBy<'train'> => ({
    kind: 'train',
    model: 'm',
    trained: true,
    champion: digest('a'),
    promoted: true,
    commit: 'c',
    files: robotFiles({
      'dvc.lock': lock('f3', 't3'),
      'reports/m/production.json': production('b', 'v0002'),
      'reports/m/promotion.json': promotion(day(2), 'b', 'a', true),
      'reports/m/history/x.json': '{}',
    }),
    ...change,
  });

  it('is data alone where nothing was trained', () => {
    const joined = joinRun({ master, data: null }, { collect: collect(dayTwo), trained: [] });
    expect(joined.promotion).toBeNull();
    expect(text(joined.data, 'dvc.lock')).toBe(lock('f2', 't1'));
  });

  it('keeps a promotion out of the data, and the data in the promotion', () => {
    const joined = joinRun({ master, data: null }, { collect: collect(dayTwo), trained: [train({})] });
    expect(joined.promoted).toEqual(['m']);
    expect(text(joined.data, 'reports/m/production.json')).toContain('v0001');
    expect(text(joined.data, 'reports/m/history/x.json')).toBeNull();
    expect(text(joined.promotion!, 'reports/m/production.json')).toContain('v0002');
    expect(text(joined.promotion!, 'data.dvc')).toBe('data of day 2');
    expect(text(joined.promotion!, 'dvc.lock')).toBe(lock('f3', 't3'));
  });

  it('records a promotion that is closed unmerged as a look, and keeps it from then on', () => {
    const closing = over(master, {
      'reports/m/production.json': production('b', 'v0002'),
      'reports/m/promotion.json': promotion(day(2), 'b', 'a', true),
    });
    const { data } = joinRun(
      { master, data: null, closing: [closing] },
      { collect: collect(dayTwo), trained: [] },
    );
    const path = 'reports/m/history/2026-07-02T06-00-00-000Z-refusal-v0002.json';
    expect(text(data, path)).toContain('"refusal"');
    expect(text(data, 'reports/m/production.json')).toContain('v0001');
    expect(text(startState(master, data), path)).toContain('"refusal"');
  });

  it('drops what was compared with a champion that has moved since', () => {
    const moved = over(master, { 'reports/m/production.json': production('c', 'v0003') });
    const joined = joinRun({ master: moved, data: null }, { collect: collect(dayTwo), trained: [train({})] });
    expect(joined.promotion).toBeNull();
    expect(joined.dropped).toHaveLength(1);
    expect(text(joined.data, 'reports/m/production.json')).toContain('v0003');
  });

  it('is nothing of a model that could not be trained', () => {
    const joined = joinRun({ master, data: null }, { collect: null, trained: [train({ trained: false })] });
    expect(joined.data).toEqual(master);
  });
});
