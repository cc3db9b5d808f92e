import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GateParams } from '../../contracts/params.ts';
import { type Examination, examine } from './examine.ts';

/** Three places over ninety days; what each test breaks is its own affair. */
function rows(): string[][] {
  const table: string[][] = [];
  const totals = [0, 0, 0];
  for (let day = 0; day < 90; day++) {
    const date = new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
    for (let tract = 0; tract < 3; tract++) {
      const cases = 40 + 10 * tract + ((day * 7 + tract * 3) % 13);
      totals[tract] += cases;
      table.push([
        date,
        `00${tract + 1}`,
        ['Napoli', 'Torino', "L'Aquila"][tract],
        String(40 + tract),
        String(12 + tract),
        String(cases),
        String(totals[tract]),
      ]);
    }
  }
  return table;
}
const HEADER = ['date', 'tract_id', 'tract_name', 'latitude', 'longitude', 'new_cases', 'total_cases'];
const [DATE, ID, NAME, LATITUDE, , CASES, TOTAL] = HEADER.keys();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let n = 0;
async function look(content: string | string[][], delimiter = ','): Promise<Omit<Examination, 'raw'>> {
  const scratch = await mkdtemp(join(folder, 'scratch-'));
  const path = join(folder, `${n++}.csv`);
  const text = typeof content === 'string' ? content : csv(content, delimiter);
  await writeFile(path, text);
  const examined = await examine([{ path, format: 'csv' }], {
    source: 'test.csv',
    scratch,
    params: { roles: {}, gate: GateParams.parse({}) },
    now: new Date('2021-04-02T00:00:00Z'),
    freshness: true,
    accepted: null,
    tracts: null,
  });
  await examined.raw.close();
  const { read, accepted, collapsed, setAside, quarantined, rejected } = examined.measured.counts;
  expect(accepted + collapsed + setAside + quarantined + rejected, 'every row is accounted for').toBe(read);
  return examined;
}

function csv(table: string[][], delimiter = ','): string {
  return `${[HEADER, ...table].map((cells) => cells.join(delimiter)).join('\n')}\n`;
}

function edited(edit: (row: string[], index: number) => void): string[][] {
  return rows().map((row, index) => {
    edit(row, index);
    return row;
  });
}

const failed = ({ report }: Pick<Examination, 'report'>) =>
  report.expectations
    .filter(({ passed, severity }) => !passed && severity === 'fail')
    .map(({ expectation }) => expectation);
const warned = ({ report }: Pick<Examination, 'report'>) =>
  report.expectations
    .filter(({ passed, severity }) => !passed && severity === 'warn')
    .map(({ expectation }) => expectation);
const repairs = ({ report }: Pick<Examination, 'report'>) =>
  report.repairs.map(({ repair, count }) => `${count} × ${repair}`);

describe('the gate on files with', () => {
  test('nothing wrong: passes, and finds what is there', async () => {
    const seen = await look(rows());
    expect(failed(seen)).toEqual([]);
    expect(seen.report).toMatchObject({ passed: true, rows: 270, quarantined: 0, tracts: 3 });
    expect(seen.report.columns.map(({ role }) => role)).toEqual([
      'date',
      'tract_id',
      'tract_name',
      'latitude',
      'longitude',
      'new_cases',
      'total_cases',
    ]);
    expect(seen.places[0]).toMatchObject({ id: '001', name: 'Napoli', latitude: 40, longitude: 12 });
  });

  test('no rows but a header: an error that says so', async () => {
    await expect(look(`${HEADER.join(',')}\n`)).rejects.toThrow(/a header and no rows/);
  });

  test('days out of order: no matter', async () => {
    expect((await look(rows().reverse())).report.passed).toBe(true);
  });

  test('rows repeated exactly: folded and recorded', async () => {
    const seen = await look([...rows(), ...rows().slice(10, 12)]);
    expect(failed(seen)).toEqual([]);
    expect(seen.measured.counts).toMatchObject({ read: 272, accepted: 270, collapsed: 2 });
    expect(repairs(seen)).toContain('2 × rows that repeat another row exactly, folded into it');
    expect(seen.report.passed).toBe(true);
  });

  test('a repeated day with other numbers: both rows in quarantine, with their lines', async () => {
    const other = [...rows()[30]];
    other[CASES] = '999';
    const seen = await look([...rows(), other]);
    expect(failed(seen)).toContain('unique-keys');
    expect(seen.measured.counts).toMatchObject({ accepted: 269, quarantined: 2 });
    const keys = seen.report.expectations.find(({ expectation }) => expectation === 'unique-keys');
    expect(keys?.examples[0]).toContain('lines 32, 272');
  });

  test('a day in the future: that row in quarantine, the others used', async () => {
    const seen = await look(
      edited((row, i) => {
        if (i === 269) row[DATE] = '2031-03-31';
      }),
    );
    expect(seen.measured.counts).toMatchObject({ accepted: 269, quarantined: 1 });
    expect(warned(seen)).toContain('future-dates');
    expect(seen.report.last_time).toBe('2021-03-31T00:00:00.000Z');
  });

  test('words in a column of numbers: quarantine with line and word', async () => {
    const seen = await look(
      edited((row, i) => {
        if (i === 7) row[CASES] = 'about ten';
      }),
    );
    expect(seen.measured.counts.quarantined).toBe(1);
    expect(seen.measured.quarantine).toEqual([
      { reason: 'new_cases is no number', count: 1, examples: ['line 9'] },
    ]);
    expect(seen.report.passed).toBe(true);
  });

  test('more bad rows than allowed: a failure', async () => {
    const seen = await look(
      edited((row, i) => {
        if (i % 25 === 0) row[CASES] = 'x';
      }),
    );
    expect(failed(seen)).toEqual(expect.arrayContaining(['quarantined-rows', 'types']));
  });

  test('NA as a name and NA as a missing number: the name stays, the number is unknown', async () => {
    const seen = await look(
      edited((row, i) => {
        if (row[ID] === '001') row[NAME] = 'NA';
        if (i === 100 || i === 101) row[CASES] = 'NA';
      }),
    );
    expect(seen.places[0].name).toBe('NA');
    expect(seen.measured.nulls.find(({ role }) => role === 'new_cases')).toMatchObject({ nulls: 2 });
    expect(seen.measured.counts.quarantined).toBe(0);
    expect(seen.report.passed).toBe(true);
  });

  test('NaN, Infinity and numbers beyond 2^53: unknown, not data', async () => {
    const seen = await look(
      edited((row, i) => {
        if (i === 50) row[CASES] = 'NaN';
        if (i === 51) row[CASES] = 'Infinity';
        if (i === 52) row[CASES] = '90071992547409930';
      }),
    );
    expect(seen.measured.counts).toMatchObject({ accepted: 270, quarantined: 0 });
    expect(repairs(seen).join()).toContain('1 × new_cases: numbers beyond 2^53, treated as unknown');
  });

  test('a negative count: unknown, and recorded', async () => {
    const seen = await look(
      edited((row, i) => {
        if (i === 60) row[CASES] = '-12';
      }),
    );
    expect(repairs(seen)).toContain(
      '1 × new_cases: negative counts (corrections booked on one day), treated as unknown',
    );
    expect(warned(seen)).toContain('ranges');
    expect(seen.report.passed).toBe(true);
  });

  test('a total that falls by a million and comes back: unknown in between', async () => {
    const seen = await look(
      edited((row, i) => {
        row[TOTAL] = String(Number(row[TOTAL]) + 5_000_000);
        if (i >= 150 && i < 156 && row[ID] === '002') row[TOTAL] = String(Number(row[TOTAL]) - 1_000_000);
      }),
    );
    expect(repairs(seen)).toContain(
      '2 × total_cases: left its level and came back, treated as unknown in between',
    );
    expect(seen.report.passed).toBe(true);
  });

  test('blanks around names, coordinates with other decimals: the same tract', async () => {
    const seen = await look(
      edited((row, i) => {
        if (i % 2 === 0) row[NAME] += ' ';
        if (i % 3 === 0) row[LATITUDE] = `${row[LATITUDE]}.0000000001`;
      }),
    );
    expect(seen.report.tracts).toBe(3);
    expect(seen.places.map(({ name }) => name)).toEqual(['Napoli', 'Torino', "L'Aquila"]);
    expect(seen.places[1].latitude).toBeCloseTo(41, 6);
  });

  test('semicolons and decimal commas: the same numbers', async () => {
    const seen = await look(
      edited((row) => {
        row[LATITUDE] = `${row[LATITUDE]},5`;
      }),
      ';',
    );
    expect(seen.places[0].latitude).toBe(40.5);
    expect(seen.report.passed).toBe(true);
  });

  test('ragged rows: the bad lines rejected or in quarantine, the others used', async () => {
    const lines = csv(rows()).trimEnd().split('\n');
    lines[20] = '2021-01-07,001';
    const seen = await look(`${lines.join('\n')}\n`);
    expect(seen.measured.counts.accepted).toBeGreaterThanOrEqual(269);
  });

  test('a total of all places and unassigned cases: set aside, named', async () => {
    const table = rows();
    for (let day = 0; day < 90; day++) {
      const own = table.slice(day * 3, day * 3 + 3);
      const sum = (column: number) => String(own.reduce((total, row) => total + Number(row[column]), 0));
      table.push([own[0][DATE], '000', 'Italia', '', '', sum(CASES), sum(TOTAL)]);
      table.push([own[0][DATE], '999', 'In fase di definizione', '', '', '0', '0']);
    }
    const seen = await look(table);
    expect(seen.measured.counts).toMatchObject({ read: 450, accepted: 270, setAside: 180 });
    expect(repairs(seen)).toEqual(
      expect.arrayContaining([
        '90 × rows set aside: “Italia” is the sum of the others',
        '90 × rows set aside: “In fase di definizione” is no place',
      ]),
    );
    expect(seen.report.tracts).toBe(3);
  });

  test('a hole of five weeks: a failure; of four: allowed', async () => {
    const without = (from: number, days: number) =>
      rows().filter((_, i) => i < from * 3 || i >= (from + days) * 3);
    expect(failed(await look(without(40, 35)))).toContain('missing-days');
    expect(failed(await look(without(40, 28)))).toEqual([]);
  });

  test('a tract with thirty days: told, not refused', async () => {
    const seen = await look([
      ...rows(),
      ...rows()
        .filter(([, id], i) => id === '003' && i >= 180)
        .map((row) => [...row.slice(0, ID), '004', 'Nuova', ...row.slice(LATITUDE)]),
    ]);
    expect(warned(seen)).toContain('short-history');
    expect(seen.report.passed).toBe(true);
  });

  test('an old last day: stale', async () => {
    expect(warned(await look(rows().filter((_, i) => i < 200)))).toContain('freshness');
  });
});
