import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datePartsSql, findDateForm } from './dates.ts';
import { numberForm, numberSql } from './numbers.ts';

/** What the SQL of the form found gives for each text, in ISO. */
async function times(values: string[]): Promise<(string | null)[]> {
  const form = findDateForm(values)!.form;
  return ask(values, form.sql('v'));
}

async function ask(values: string[], sql: string): Promise<(string | null)[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const rows = values.map((value, i) => `(${i}, '${value.replaceAll("'", "''")}')`).join(', ');
  const found = await connection.runAndReadAll(
    `SELECT (${sql})::VARCHAR FROM (VALUES ${rows}) AS t(i, v) ORDER BY i`,
  );
  connection.closeSync();
  instance.closeSync();
  return found.getRows().map(([cell]) => (cell === null ? null : String(cell)));
}

describe('findDateForm', () => {
  it.each([
    ['iso-date', ['2020-02-24', '2020-02-25'], '2020-02-24 00:00:00'],
    ['iso-datetime', ['2020-02-24T18:00:00', '2020-02-25T18:00:00'], '2020-02-24 18:00:00'],
    ['iso-datetime', ['2020-02-24 18:00', '2020-02-25 18:00'], '2020-02-24 18:00:00'],
    ['iso-datetime-zone', ['2020-03-07T13:43:14+01:00', '2020-03-07T13:43:14Z'], '2020-03-07 13:43:14'],
    ['yyyy/mm/dd', ['2020/2/24', '2020/02/25'], '2020-02-24 00:00:00'],
    ['yyyymmdd', ['20200224', '20200225'], '2020-02-24 00:00:00'],
    ['dd.mm.yyyy', ['24.02.2020', '1.3.2020'], '2020-02-24 00:00:00'],
    ['dd/mm/yyyy', ['24/02/2020', '01/03/2020'], '2020-02-24 00:00:00'],
    ['mm/dd/yyyy', ['2/24/20', '3/1/20'], '2020-02-24 00:00:00'],
    ['mm/dd/yyyy', ['02/24/2020 12:00:00 AM', '03/01/2020 12:00:00 AM'], '2020-02-24 00:00:00'],
    ['dd-month-yyyy', ['24-Feb-2020', '01-Mar-2020'], '2020-02-24 00:00:00'],
    ['dd-month-yyyy', ['24 febbraio 2020', '1 marzo 2020'], '2020-02-24 00:00:00'],
    ['dd-month-yyyy', ['24. Februar 2020', '1. März 2020'], '2020-02-24 00:00:00'],
    ['dd-month-yyyy', ['24 de febrero de 2020', '1 de marzo de 2020'], '2020-02-24 00:00:00'],
    ['dd-month-yyyy', ['24 févr. 2020', '1 mars 2020'], '2020-02-24 00:00:00'],
    ['month-dd-yyyy', ['February 24, 2020', 'March 1, 2020'], '2020-02-24 00:00:00'],
    ['iso-week', ['2024-W05', '2024-W06'], '2024-01-29 00:00:00'],
    ['iso-week', ['2021W53', '2021-W01'], '2022-01-03 00:00:00'],
    ['yyyy-ww', ['2024/05', '2024/41'], '2024-01-29 00:00:00'],
    ['yyyy-mm', ['2024-05', '2024-12'], '2024-05-01 00:00:00'],
    ['epoch-seconds', ['1582502400', '1582588800'], '2020-02-24 00:00:00'],
    ['epoch-milliseconds', ['1582502400000', '1582588800000'], '2020-02-24 00:00:00'],
    ['yyyy年mm月dd日', ['2020年2月24日', '2020年2月25日'], '2020-02-24 00:00:00'],
  ])('reads %s: %j', async (form, values, first) => {
    expect(findDateForm(values)?.form.name).toBe(form);
    const found = await times(values);
    expect(found[0]).toBe(first);
    expect(found[1]).not.toBeNull();
  });

  it('tells day from month by a single value beyond 12', () => {
    const open = ['01/02/2024', '02/02/2024', '03/02/2024'];
    expect(findDateForm([...open, '13/02/2024'])).toMatchObject({
      confidence: 1,
      form: { name: 'dd/mm/yyyy' },
    });
    expect(findDateForm([...open, '02/13/2024'])).toMatchObject({
      confidence: 1,
      form: { name: 'mm/dd/yyyy' },
    });
  });

  it('takes the denser reading where every value could be either, and is less sure', () => {
    const days = Array.from({ length: 12 }, (_, i) => `${String(i + 1).padStart(2, '0')}/06/2024`);
    expect(findDateForm(days)).toMatchObject({ confidence: 0.9, form: { name: 'dd/mm/yyyy' } });
    const american = days.map((day) => `06/${day.slice(0, 2)}/2024`);
    expect(findDateForm(american)).toMatchObject({ confidence: 0.9, form: { name: 'mm/dd/yyyy' } });
  });

  it('does not decide between day and month where nothing tells', () => {
    expect(findDateForm(['01/02/2024'])!.confidence).toBeLessThan(0.6);
  });

  it('takes no ordinary numbers or words for dates', () => {
    for (const values of [
      ['1.5', '2.5'],
      ['12', '15'],
      ['Torino', 'May'],
      ['12345678', '99999999'],
      ['1-2', '3-4'],
    ]) {
      expect(findDateForm(values)).toBeNull();
    }
  });

  it('gives NULL, not an error, for days that do not exist', async () => {
    const sql = datePartsSql({ year: 'y', month: 'm', day: 'd' })
      .replaceAll('"y"', "'2023'")
      .replaceAll('"m"', "'2'")
      .replaceAll('"d"', 'v');
    expect(await ask(['28', '31', 'x'], sql)).toEqual(['2023-02-28 00:00:00', null, null]);
    expect(await ask(['2024-02-30'], findDateForm(['2024-02-30'])!.form.sql('v'))).toEqual([null]);
  });
});

describe('numberForm', () => {
  it.each([
    [['1,5', '12,25', '0,333'], ',', false, 1.5],
    [['1.234,5', '12,5'], ',', true, 1234.5],
    [['1,234.5', '12.5'], '.', true, 1234.5],
    [['1.234.567', '12'], ',', true, 1_234_567],
    [["1'234.5", '2'], '.', true, 1234.5],
    [['1\u202f234,5', '2'], ',', true, 1234.5],
    [['1e3', '2.5'], '.', false, 1000],
  ] as const)('reads %j', (values, decimal, thousands, first) => {
    const form = numberForm([...values]);
    expect(form).toMatchObject({ decimal, thousands, clear: true });
    expect(form.parse(values[0])).toBe(first);
  });

  it('lets the other columns decide what 1.234 is', () => {
    expect(numberForm(['1.234', '5.678']).clear).toBe(false);
    expect(numberForm(['1.234'], ',').parse('1.234')).toBe(1234);
    expect(numberForm(['1.234'], '.').parse('1.234')).toBe(1.234);
  });

  it('gives the same in SQL, for every way to write a number; what is none is NULL', async () => {
    const digits = (value: number, decimal: string, group: string) => {
      const [whole, part] = Math.abs(value).toFixed(2).split('.');
      return `${value < 0 ? '-' : ''}${whole.replace(/\B(?=(\d{3})+$)/g, group)}${decimal}${part}`;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 100),
          { minLength: 1, maxLength: 20 },
        ),
        fc.constantFrom(['.', ''], ['.', ','], [',', ''], [',', '.'], [',', ' '], ['.', "'"]),
        async (values, [decimal, group]) => {
          const texts = values.map((value) => digits(value, decimal, group));
          const form = numberForm(texts);
          const found = await ask([...texts, 'NA', 'NaN', 'inf', '1.2.3', '1,2,3'], numberSql('v', form));
          expect(found.slice(0, texts.length).map(Number)).toEqual(values.map((value) => value + 0));
          expect(found.slice(texts.length)).toEqual([null, null, null, null, null]);
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);
});
