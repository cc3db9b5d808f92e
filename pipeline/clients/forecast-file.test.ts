import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CorruptError } from '../contracts/errors.ts';
import { LEVELS, type ScoredForecasts } from '../contracts/forecast.ts';
import { readForecasts, writeForecasts } from './forecast-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forecasts-'));
});
afterAll(() => rm(folder, { recursive: true }));

const grid = {
  step: 'month' as const,
  start: Date.UTC(2024, 0, 31),
  stepMs: 2_629_746_000,
  length: 30,
  tracts: [
    { id: '007', name: 'Äußere Insel' },
    { id: 'NA', name: 'Napoli' },
  ],
};

it('gives back every table as it was written, missing truths and intervals included', async () => {
  const path = join(folder, 'forecasts.parquet');
  const tables = [table('challenger', 1.5), table('persistence', NaN)];
  await writeForecasts(path, tables, grid);
  const read = (await readForecasts(path))!;
  expect(read.tables).toEqual(tables);
  expect(read.grid).toEqual(grid);
});

it('tells a file that is not there from one that is broken', async () => {
  expect(await readForecasts(join(folder, 'none.parquet'))).toBeNull();
  const broken = join(folder, 'broken.parquet');
  await writeFile(broken, 'PAR1 nothing PAR1');
  await expect(readForecasts(broken)).rejects.toThrow(CorruptError);
});

function table(model: string, width: number): ScoredForecasts {
  return {
    model,
    tract: Int32Array.of(0, 1, 1),
    cutoff: Int32Array.of(20, 20, 21),
    horizon: Uint8Array.of(1, 7, 3),
    truth: Float64Array.of(4, NaN, 0),
    point: Float64Array.of(5, 6.25, 0),
    quantiles: Float64Array.from({ length: 3 * LEVELS.length }, (_, i) => i * width),
  };
}
