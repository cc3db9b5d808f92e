import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeForecasts } from '../../clients/forecast-file.ts';
import { type Column, parseColumns, writeColumns } from '../../clients/parquet-columns.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { readForecasts } from './read-forecasts.ts';
import { Refusal } from './refusal.ts';

const LENGTH = 40;
const panel: TargetPanel = {
  step: 'day',
  start: Date.UTC(2026, 0, 1),
  stepMs: 86_400_000,
  length: LENGTH,
  tracts: ['a', 'b'].map((id) => ({ id, name: id })),
  target: 'new_cases',
  scale: 'count',
  values: new Float64Array(2 * LENGTH).fill(10),
  observed: new Uint8Array(2 * LENGTH).fill(1),
  delay: 0,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forecasts-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two tracts, cutoffs 20 and 21, horizons 1 and 2. */
function table(model: string, value = 12): ScoredForecasts {
  const rows = [20, 21].flatMap((cutoff) =>
    [0, 1].flatMap((tract) => [1, 2].map((horizon) => ({ cutoff, tract, horizon }))),
  );
  return {
    model,
    tract: Int32Array.from(rows, ({ tract }) => tract),
    cutoff: Int32Array.from(rows, ({ cutoff }) => cutoff),
    horizon: Uint8Array.from(rows, ({ horizon }) => horizon),
    point: new Float64Array(rows.length).fill(value),
    truth: new Float64Array(rows.length).fill(10),
    quantiles: Float64Array.from({ length: rows.length * LEVELS.length }, (_, k) => value + (k % 9) - 4),
  };
}

async function file(tables: ScoredForecasts[], grid = panel): Promise<Buffer> {
  const path = join(folder, 'f.parquet');
  await writeForecasts(path, tables, grid);
  return readFile(path);
}

const read = (bytes: Buffer) => readForecasts(bytes, { panel, own: table('own', 11) });
const without = (rows: number[]) => {
  const whole = table('challenger');
  const kept = [0, 1, 2, 3, 4, 5, 6, 7].filter((row) => !rows.includes(row));
  const take = <T extends Float64Array | Int32Array | Uint8Array>(values: T) =>
    values.filter((_: number, row: number) => kept.includes(row)) as T;
  return {
    ...whole,
    tract: take(whole.tract),
    cutoff: take(whole.cutoff),
    horizon: take(whole.horizon),
    point: take(whole.point),
    truth: take(whole.truth),
    quantiles: whole.quantiles.filter((_, k) => kept.includes(Math.floor(k / LEVELS.length))),
  };
};

describe('readForecasts', () => {
  it('takes point and quantiles, and nothing else: rows and truth are its own', async () => {
    const lying = { ...table('challenger'), truth: new Float64Array(8).fill(12) };
    const { challenger, candidates } = await read(await file([lying, table('trees', 13), table('blend')]));
    expect([...challenger.truth]).toEqual(new Array(8).fill(10));
    expect([...challenger.point]).toEqual(new Array(8).fill(12));
    expect(challenger.quantiles[0]).toBe(8);
    expect(candidates.map(({ model }) => model)).toEqual(['trees', 'blend']);
  });

  it('finds each row wherever it stands', async () => {
    const turned = table('challenger');
    for (const values of [turned.tract, turned.cutoff, turned.horizon, turned.truth]) values.reverse();
    turned.point = Float64Array.from({ length: 8 }, (_, row) => 100 - row);
    const { challenger } = await read(await file([turned]));
    expect([...challenger.point]).toEqual([93, 94, 95, 96, 97, 98, 99, 100]);
  });

  const refused: [string, () => Promise<Buffer>, RegExp][] = [
    ['one that leaves out a row', () => file([without([3])]), /7 of 8/],
    ['one that leaves out a horizon', () => file([without([1, 3, 5, 7])]), /4 of 8/],
    ['one without the challenger', () => file([table('blend')]), /0 of 8/],
    ['no rows at all', () => file([without([0, 1, 2, 3, 4, 5, 6, 7])]), /0 of 8/],
    [
      'a row twice',
      () => file([table('challenger'), table('blend'), without([1, 2, 3, 4, 5, 6, 7])]),
      /twice/,
    ],
    [
      'days beyond the test',
      () => file([{ ...table('challenger'), cutoff: new Int32Array(8).fill(22) }]),
      /outside of the test/,
    ],
    [
      'horizons that are not asked for',
      () => file([{ ...table('challenger'), horizon: new Uint8Array(8).fill(3) }]),
      /outside of the test/,
    ],
    [
      'tracts of elsewhere',
      () =>
        file([table('challenger')], {
          ...panel,
          tracts: [
            { id: 'a', name: 'a' },
            { id: 'z', name: 'z' },
          ],
        }),
      /a tract that/,
    ],
    [
      'moments between two days',
      () => file([table('challenger')], { ...panel, start: panel.start + 1 }),
      /a moment that/,
    ],
    ['numbers beyond measure', () => file([table('challenger', 1e200)]), /a million times/],
    [
      'endless intervals',
      () => file([{ ...table('challenger'), quantiles: new Float64Array(72).fill(Infinity) }]),
      /a million times/,
    ],
    [
      'intervals with holes',
      () =>
        file([
          {
            ...table('challenger'),
            quantiles: Float64Array.from({ length: 72 }, (_, k) => (k === 5 ? NaN : 1)),
          },
        ]),
      /1 bounds/,
    ],
    ['a name that is none', () => file([table('challenger'), table('<!-- -->')]), /name that is none/],
    [
      'too many models',
      () => file(Array.from({ length: 31 }, (_, n) => table(n === 0 ? 'challenger' : `m${n}`))),
      /too many|cannot be read/,
    ],
    ['what is no Parquet', async () => Buffer.from('PAR1 and then nothing PAR1'), /cannot be read/],
    ['an empty file', async () => Buffer.alloc(0), /cannot be read/],
    ['a file cut off', async () => (await file([table('challenger')])).subarray(0, 500), /cannot be read/],
    ['far too many rows', () => bare(300), /cannot be read/],
    ['a column that is missing', () => bare(8, 'point'), /cannot be read/],
    ['a column of another kind', () => bare(8, 'horizon', 'x'), /outside of the test|cannot be read/],
  ];
  for (const [what, bytes, why] of refused)
    it(`refuses ${what}`, async () => {
      const error = await read(await bytes()).catch((cause) => cause);
      expect(error).toBeInstanceOf(Refusal);
      expect(error.message).toMatch(why);
    });

  it('leaves NaN to the decision, which has a word for it', async () => {
    const { challenger } = await read(
      await file([
        {
          ...table('challenger'),
          point: new Float64Array(8).fill(NaN),
          quantiles: new Float64Array(72).fill(NaN),
        },
      ]),
    );
    expect(challenger.point.every(Number.isNaN)).toBe(true);
  });

  it('does not unpack what would fill the memory', async () => {
    const path = join(folder, 'large.parquet');
    await writeColumns(path, [
      {
        name: 'model',
        type: 'STRING',
        data: Array.from({ length: 1_000 }, (_, row) => `${row}`.padEnd(1_000)),
      },
    ]);
    const bytes = await readFile(path);
    const parsed = (limits: { maxBytes?: number; maxRows?: number }) => parseColumns('large', bytes, limits);
    await expect(parsed({ maxBytes: 900_000 })).rejects.toThrow(CorruptError);
    await expect(parsed({ maxRows: 999 })).rejects.toThrow(CorruptError);
    expect((await parsed({ maxBytes: 1_200_000, maxRows: 1_000 })).rows).toBe(1_000);
  });
});

/** The columns of a forecast file without its table. */
async function bare(rows: number, missing = '', text?: string): Promise<Buffer> {
  const numbers = (name: string): Column => ({ name, type: 'DOUBLE', data: new Float64Array(rows).fill(1) });
  const columns: Column[] = [
    { name: 'model', type: 'STRING', data: new Array(rows).fill('challenger') },
    { name: 'tract', type: 'STRING', data: new Array(rows).fill('a') },
    { name: 'cutoff', type: 'TIMESTAMP', data: new Float64Array(rows).fill(timeAt(panel, 20)) },
    text === undefined
      ? { name: 'horizon', type: 'INT32', data: new Int32Array(rows).fill(1) }
      : { name: 'horizon', type: 'STRING', data: new Array(rows).fill(text) },
    ...['point', ...LEVELS.map((level) => `q${level}`)].map(numbers),
  ];
  const path = join(folder, 'bare.parquet');
  await writeColumns(
    path,
    columns.filter(({ name }) => name !== missing),
  );
  return readFile(path);
}
