import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Step, timeAt } from '../../contracts/panel.ts';
import { type Observations, readObservations } from './read-observations.ts';
import { type SampleRow, writeObservations } from './sample-observations.testing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'observations-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(step: Step, rows: SampleRow[], target = 'new_cases'): Promise<Observations> {
  const path = join(folder, `${step}-${rows.length}.parquet`);
  await writeObservations(path, rows);
  const tracts = [...new Set(rows.map(({ tract }) => tract))].map((id) => ({ id, name: id }));
  return readObservations(path, { target, step, tracts }, target);
}

describe('the panel read from observations', () => {
  it('is dense: days between the first and the last, unknown where no row is', async () => {
    const { panel, revisions } = await read('day', [
      { tract: 'b', time: '2026-01-03 17:00:00', new_cases: 7, tests: 70 },
      { tract: 'a', time: '2026-01-01 17:00:00', new_cases: 1 },
      { tract: 'a', time: '2026-01-04 00:00:00', new_cases: 4 },
    ]);
    expect(panel.tracts.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(panel.length).toBe(4);
    expect(new Date(panel.start).toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect([...panel.series.new_cases!]).toEqual([NaN, NaN, 7, NaN, 1, NaN, NaN, 4]);
    expect([...panel.series.tests!]).toEqual([NaN, NaN, 70, NaN, NaN, NaN, NaN, NaN]);
    expect(Object.keys(panel.series)).toEqual(['new_cases', 'tests']);
    expect(revisions).toBeNull();
  });

  it('starts weeks where the data’s weeks start', async () => {
    const { panel } = await read('week', [
      { tract: 'a', time: '2022-10-08 00:00:00', value: 1 }, // a Saturday
      { tract: 'a', time: '2022-10-22 00:00:00', value: 3 },
    ]);
    expect([...panel.series.value!]).toEqual([1, NaN, 3]);
    expect(new Date(timeAt(panel, 2)).toISOString()).toBe('2022-10-22T00:00:00.000Z');
  });

  it('takes hours as they come, over midnight', async () => {
    const { panel } = await read('hour', [
      { tract: 'a', time: '2026-01-01 23:00:00', value: -1.5 },
      { tract: 'a', time: '2026-01-02 01:00:00', value: 2 },
    ]);
    expect([...panel.series.value!]).toEqual([-1.5, NaN, 2]);
  });

  it('counts months by the calendar, over a February and a new year', async () => {
    const { panel } = await read('month', [
      { tract: 'a', time: '2025-12-31 00:00:00', value: 12 },
      { tract: 'a', time: '2026-02-28 00:00:00', value: 2 },
      { tract: 'a', time: '2026-03-01 00:00:00', value: 3 },
    ]);
    expect([...panel.series.value!]).toEqual([12, NaN, 2, 3]);
    expect(new Date(panel.start).toISOString()).toBe('2025-12-01T00:00:00.000Z');
  });

  it('leaves out rows of tracts that are not listed', async () => {
    const path = join(folder, 'unlisted.parquet');
    await writeObservations(path, [
      { tract: 'a', time: '2026-01-01', new_cases: 1 },
      { tract: 'gone', time: '2026-01-01', new_cases: 9 },
    ]);
    const about = { target: 'new_cases', step: 'day' as const, tracts: [{ id: 'a', name: 'A' }] };
    const { panel } = await readObservations(path, about, 'new_cases');
    expect([...panel.series.new_cases!]).toEqual([1]);
  });

  it('refuses a span of time that cannot be meant', async () => {
    await expect(
      read('hour', [
        { tract: 'a', time: '0001-01-01', value: 1 },
        { tract: 'a', time: '9026-01-01', value: 1 },
      ]),
    ).rejects.toThrow(/1 tracts × \d+ hours is \d+ cells/);
  });
});

describe('what was known earlier', () => {
  const day = (n: number) => Date.UTC(2026, 0, n);

  it('is the newest value in the panel, and each value at the axis’ own time in the revisions', async () => {
    const { panel, revisions } = await read('day', [
      { tract: 'a', time: '2026-01-01', known: '2026-01-02 18:00:00', new_cases: 10 },
      { tract: 'a', time: '2026-01-02', known: '2026-01-02 18:00:00', new_cases: 5 },
      { tract: 'a', time: '2026-01-02', known: '2026-01-03 18:00:00', new_cases: 8 },
      { tract: 'a', time: '2026-01-03', known: '2026-01-03 18:00:00', new_cases: 6 },
    ]);
    expect([...panel.series.new_cases!]).toEqual([10, 8, 6]);
    expect(revisions).not.toBeNull();
    expect([...revisions!.cell]).toEqual([0, 1, 1, 2]);
    // The first snapshot's newest day is the 2nd, the second's the 3rd.
    expect([...revisions!.knownAt]).toEqual([day(2), day(2), day(3), day(3)]);
    expect([...revisions!.values]).toEqual([10, 5, 8, 6]);
    expect(revisions!.since).toBe(day(2));
  });

  it('of a snapshot without a newer day is known just after the day before it, not the next day', async () => {
    const { revisions } = await read('day', [
      { tract: 'a', time: '2026-01-01', known: '2026-01-01 08:00:00', new_cases: 10 },
      { tract: 'a', time: '2026-01-01', known: '2026-01-01 20:00:00', new_cases: 11 },
    ]);
    expect([...revisions!.knownAt]).toEqual([day(1), day(1) + 1]);
  });

  it('is read of the totals where new cases come from them', async () => {
    const { revisions } = await read('day', [
      { tract: 'a', time: '2026-01-01', known: '2026-01-01 08:00:00', total_cases: 100, tests: 3 },
      { tract: 'a', time: '2026-01-01', known: '2026-01-02 08:00:00', total_cases: 101 },
    ]);
    expect(revisions!.measure).toBe('total_cases');
    expect([...revisions!.values]).toEqual([100, 101]);
  });
});
