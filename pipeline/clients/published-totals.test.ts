import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quote, withDuckDB } from './duckdb.ts';
import { readPublishedTotals } from './published-totals.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'totals-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function observations(rows: string[]): Promise<string> {
  const path = join(folder, `${rows.length}.parquet`);
  await withDuckDB(async (db) => {
    await db.run('create table o (tract_id varchar, time timestamp, known_at timestamp, total_cases double)');
    if (rows.length > 0) await db.run(`insert into o values ${rows.join(', ')}`);
    await db.run(`copy o to ${quote(path)} (format parquet)`);
  });
  return path;
}

it('takes the newest moment that has a total, as the newest snapshot tells it', async () => {
  const path = await observations([
    "('a', timestamp '2026-03-01 17:00:00', timestamp '2026-03-01 18:00:00', 100)",
    "('a', timestamp '2026-03-02 17:00:00', timestamp '2026-03-02 18:00:00', 120)",
    "('a', timestamp '2026-03-02 17:00:00', timestamp '2026-03-03 18:00:00', 115)",
    "('a', timestamp '2026-03-03 17:00:00', timestamp '2026-03-03 18:00:00', null)",
    "('b', timestamp '2026-03-01 17:00:00', timestamp '2026-03-03 18:00:00', 7)",
    "('b', timestamp '2026-03-02 17:00:00', timestamp '2026-03-03 18:00:00', 'nan'::double)",
    "('c', timestamp '2026-03-01 17:00:00', timestamp '2026-03-03 18:00:00', null)",
  ]);
  expect(await readPublishedTotals(path)).toEqual(
    new Map([
      ['a', { value: 115, time: Date.UTC(2026, 2, 2, 17) }],
      ['b', { value: 7, time: Date.UTC(2026, 2, 1, 17) }],
    ]),
  );
});

it('finds nothing where there is nothing', async () => {
  expect(await readPublishedTotals(await observations([]))).toEqual(new Map());
  expect(await readPublishedTotals(join(folder, 'none.parquet'))).toEqual(new Map());
});
