import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GateReport } from '../../contracts/gate.ts';
import { inspect } from './run.ts';
import { epidemic, isoDay, running } from './sample-portals.testing.ts';

const DAYS = 120;
const NAMES = ['Alba', 'Borgo', 'Città', 'Duomo', 'Este', 'Foro', 'Gela', 'Ischia', 'Lodi', 'Massa'];
const made = epidemic({ tracts: NAMES.length, days: DAYS + 1, seed: 101 });
const totals = made.cases.map(running);

type Row = Record<string, string | number>;
type Edit = (row: Row, at: { day: number; tract: number }) => Row | null;

function rowsOf(days: number, edit: Edit = (row) => row): Row[] {
  const rows: Row[] = [];
  for (let day = 0; day < days; day++)
    for (let tract = 0; tract < NAMES.length; tract++) {
      const row = edit(
        {
          date: isoDay(day),
          tract_id: `0${tract}`,
          tract_name: NAMES[tract],
          new_cases: made.cases[tract][day],
          total_cases: totals[tract][day],
          tests: made.tests[tract][day],
          hospitalised: made.hospital[tract][day],
          deaths: made.deaths[tract][day],
        },
        { day, tract },
      );
      if (row) rows.push(row);
    }
  return rows;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let n = 0;
async function file(rows: Row[]) {
  const path = join(folder, `${n++}.csv`);
  const lines = rows.map((row) => Object.values(row).join(','));
  await writeFile(path, `${Object.keys(rows[0]).join(',')}\n${lines.join('\n')}\n`);
  return [{ path, format: 'csv' as const }];
}

async function compare(after: Edit, before: Edit = (row) => row): Promise<GateReport> {
  return inspect({
    files: await file(rowsOf(DAYS + 1, after)),
    previous: await file(rowsOf(DAYS, before)),
    source: 'after.csv',
    now: new Date('2021-01-01T00:00:00Z'),
  });
}

const anomalies = (report: GateReport) =>
  report.anomalies.map(({ kind, column, was }) => [kind, column, was]);
const without = (row: Row, ...names: string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
const renamed = (row: Row, names: Record<string, string>): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [names[name] ?? name, value]));
const role = (report: GateReport, name: string) =>
  report.columns.find((column) => column.name === name)?.role;

describe('against the file before, the gate tells of', () => {
  test('nothing, where only a day was added and columns changed places', async () => {
    const report = await compare((row) => Object.fromEntries(Object.entries(row).reverse()));
    expect(report.anomalies).toEqual([]);
    expect(report.passed).toBe(true);
  });

  test('a removed column that a role used: a failure', async () => {
    const report = await compare((row) => without(row, 'deaths'));
    expect(anomalies(report)).toEqual([['removed', 'deaths', 'deaths']]);
    expect(report.passed).toBe(false);
  });

  test('an added column: a warning', async () => {
    const report = await compare((row, { day }) => ({ ...row, vaccinated: 1000 + day * 7 }));
    expect(anomalies(report)).toEqual([['added', 'vaccinated', null]]);
    expect(report.passed).toBe(true);
  });

  test('a wholly different name, by the values of the same rows', async () => {
    const report = await compare((row) => renamed(row, { hospitalised: 'zk_17', new_cases: 'qx' }));
    expect(anomalies(report).sort()).toEqual([
      ['renamed', 'qx', 'new_cases'],
      ['renamed', 'zk_17', 'hospitalised'],
    ]);
    expect([role(report, 'qx'), role(report, 'zk_17')]).toEqual(['new_cases', 'hospitalised']);
    expect(report.anomalies[0].evidence).toMatch(/100 % of \d+ sampled values equal/);
    expect(report.passed).toBe(true);
  });

  test('all columns renamed at once, into another language', async () => {
    const italian = {
      date: 'data',
      tract_id: 'codice',
      tract_name: 'denominazione',
      new_cases: 'nuovi_casi',
      total_cases: 'totale_casi',
      tests: 'tamponi',
      hospitalised: 'ricoverati',
      deaths: 'deceduti',
    };
    const report = await compare((row) => renamed(row, italian));
    expect(anomalies(report).sort()).toEqual(
      Object.entries(italian)
        .map(([was, is]) => ['renamed', is, was])
        .sort(),
    );
    expect(report.passed).toBe(true);
  });

  test('whole numbers that became text with units', async () => {
    const report = await compare((row) => ({ ...row, tests: `${row.tests} tests` }));
    expect(anomalies(report)).toEqual([['type_changed', 'tests', 'integer']]);
    expect(report.passed).toBe(false);
  });

  test.each([
    ['thousands', (value: number) => value / 1000, '× 1,000'],
    ['a hundredfold', (value: number) => value * 100, '× 1/100'],
  ])('another unit: %s', async (_, scale, was) => {
    const report = await compare((row) => ({ ...row, tests: scale(Number(row.tests)) }));
    expect(anomalies(report)).toEqual([['unit_changed', 'tests', was]]);
    expect(report.passed).toBe(false);
  });

  test('counts that were rates per 100,000 of each place', async () => {
    const people = (tract: number) => 40_000 + 37_000 * tract;
    const report = await compare(
      (row) => row,
      (row, { tract }) => ({ ...row, new_cases: ((Number(row.new_cases) / people(tract)) * 1e5).toFixed(2) }),
    );
    expect(anomalies(report).map(([kind, column]) => [kind, column])).toEqual([
      ['unit_changed', 'new_cases'],
    ]);
    expect(report.passed).toBe(false);
  });

  test('daily numbers that became running totals', async () => {
    const report = await compare(
      (row, { tract, day }) => ({ ...without(row, 'total_cases'), new_cases: totals[tract][day] }),
      (row) => without(row, 'total_cases'),
    );
    expect(anomalies(report)).toEqual([['meaning_changed', 'new_cases', 'new_cases']]);
    expect(report.passed).toBe(false);
  });

  test('another definition of the whole past: fewer are counted, in each tract by another share', async () => {
    const report = await compare((row, { tract, day }) => ({
      ...row,
      hospitalised: Math.round(Number(row.hospitalised) * (0.25 + 0.03 * tract + 0.02 * (day % 5))),
    }));
    expect(anomalies(report)).toEqual([['meaning_changed', 'hospitalised', 'hospitalised']]);
  });

  test('tracts that are gone, and rows that are a third fewer', async () => {
    const report = await compare((row, { tract }) => (tract < 7 ? row : null));
    const failed = report.expectations
      .filter(({ passed, severity }) => !passed && severity === 'fail')
      .map(({ expectation }) => expectation);
    expect(failed.sort()).toEqual(['row-count', 'vanished-tracts']);
    expect(report.anomalies).toEqual([]);
  });
});
