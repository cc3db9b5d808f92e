import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GateError } from '../../contracts/errors.ts';
import { type RawTable, readTable, type TableFile } from './read-table.ts';

let folder: string;
let scratch: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-table-'));
  scratch = join(folder, 'scratch');
  await mkdir(scratch);
});
afterAll(() => rm(folder, { recursive: true }));

type Cells = (string | number | null)[];

async function file(content: string | Uint8Array, format: TableFile['format'] = 'csv'): Promise<TableFile> {
  files++;
  const path = join(folder, `${files}.${format}`);
  await writeFile(path, content);
  return { path, format, name: `file ${files}` };
}

/** Rows in file order, each with its line last. */
async function read(...contents: (string | Uint8Array)[]): Promise<RawTable & { cells: Cells[] }> {
  return readFiles(await Promise.all(contents.map((content) => file(content))));
}

async function readFiles(given: TableFile[]): Promise<RawTable & { cells: Cells[] }> {
  const table = await readTable(given, { scratch });
  const columns = table.columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(', ');
  const rows = await table.connection.runAndReadAll(
    `SELECT ${columns}, _line::INTEGER FROM raw ORDER BY _file, _line`,
  );
  await table.close();
  return { ...table, cells: rows.getRows() as Cells[] };
}

const repair = (table: RawTable, name: string) => table.repairs.find((found) => found.repair === name);

const PLAIN = 'date,code,cases\n2024-01-01,01,5\n2024-01-02,02,7\n';
const PLAIN_CELLS = [
  ['2024-01-01', '01', '5', 2],
  ['2024-01-02', '02', '7', 3],
];

describe('readTable on files as they should be', () => {
  it('keeps every cell as text, with the line it stands on', async () => {
    const table = await read(PLAIN);
    expect(table.columns).toEqual(['date', 'code', 'cases']);
    expect(table.cells).toEqual(PLAIN_CELLS);
    expect(table.format).toMatchObject({ kind: 'csv', encoding: 'utf-8', delimiter: ',' });
    expect(table.repairs).toEqual([]);
  });

  it('does not copy clean UTF-8', async () => {
    await rm(scratch, { recursive: true });
    await mkdir(scratch);
    await read('name,n\nMünchen,1\nZürich,2\n');
    expect(await readdir(scratch)).toEqual([]);
  });

  it.each([
    [';', 'semicolon'],
    ['\t', 'tab'],
    ['|', 'bar'],
  ])('finds the delimiter %j', async (delimiter) => {
    const table = await read(PLAIN.replaceAll(',', delimiter));
    expect(table.cells).toEqual(PLAIN_CELLS);
    expect(table.format?.delimiter).toBe(delimiter);
  });

  it('is not misled by decimal commas between semicolons', async () => {
    const table = await read('date;lat;value\n2024-01-01;45,5;1,5\n2024-01-02;45,5;2,5\n');
    expect(table.columns).toEqual(['date', 'lat', 'value']);
    expect(table.cells[0]).toEqual(['2024-01-01', '45,5', '1,5', 2]);
  });

  it('keeps NA, which is a name in some columns, and makes empty cells NULL', async () => {
    const table = await read('code,cases\nNA,5\nRM,\n"",NA\n');
    expect(table.cells.map((row) => row.slice(0, 2))).toEqual([
      ['NA', '5'],
      ['RM', null],
      [null, 'NA'],
    ]);
  });

  it('reads any table back as it was written, whatever the delimiter, quotes and line ends', {
    timeout: 60_000,
  }, async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'B', '7', ' ', ',', ';', '"', '\n', 'é', '北', '.', '|'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t', '|'),
        async (rows, delimiter) => {
          const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const text = [
            ['k', 'id', 'one', 'two', 'three'],
            ...rows.map((row, i) => [`k${i}`, `${i}`, ...row]),
          ]
            .map((row) => row.map(quote).join(delimiter))
            .join('\n');
          const table = await read(`${text}\n`);
          expect(table.rejected).toBe(0);
          expect(table.cells.map((row) => row.slice(2, 5))).toEqual(
            rows.map((row) => row.map((value) => value.replace(/^[ \n]+|[ \n]+$/g, '') || null)),
          );
          // The line is that on which the row starts.
          let line = 2;
          for (const [index, row] of rows.entries()) {
            expect(table.cells[index][5]).toBe(line);
            line += 1 + row.join('').split('\n').length - 1;
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('readTable on files as they come', () => {
  it('takes a byte-order mark off the first name', async () => {
    const table = await read(`\ufeff${PLAIN}`);
    expect(table.columns[0]).toBe('date');
    expect(table.cells).toEqual(PLAIN_CELLS);
    expect(repair(table, 'byte-order-mark')?.count).toBe(1);
  });

  it.each(['utf-16le', 'utf-16be'])('reads %s with and without its mark', async (encoding) => {
    for (const addBOM of [true, false]) {
      const table = await read(iconv.encode('name,cases\nÅre,5\nÖrebro,7\n', encoding, { addBOM }));
      expect(table.cells).toEqual([
        ['Åre', '5', 2],
        ['Örebro', '7', 3],
      ]);
      expect(repair(table, 'encoding')?.examples).toEqual([`${encoding} → utf-8`]);
    }
  });

  it('reads Latin-1, and the odd Latin-1 line in a UTF-8 file', async () => {
    const latin = await read(iconv.encode("code,name\n1,Forlì-Cesena\n2,Valle d'Aosta\n", 'latin1'));
    expect(latin.cells[0][1]).toBe('Forlì-Cesena');
    expect(latin.format?.encoding).toBe('windows-1252');
    const mixed = await read(
      Buffer.concat([Buffer.from('code,name\n1,Zürich\n'), iconv.encode('2,Forlì\n', 'latin1')]),
    );
    expect(mixed.cells.map((row) => row[1])).toEqual(['Zürich', 'Forlì']);
  });

  it.each(['\r', '\r\n'])('reads line ends %j', async (end) => {
    expect((await read(PLAIN.replaceAll('\n', end))).cells).toEqual(PLAIN_CELLS);
  });

  it('reads mixed line ends', async () => {
    const table = await read('date,code,cases\r\n2024-01-01,01,5\n2024-01-02,02,7\r');
    expect(table.cells).toEqual(PLAIN_CELLS);
    expect(repair(table, 'line-ends')).toBeDefined();
  });

  it('drops NUL bytes and says how many', async () => {
    const table = await read(PLAIN.replace('5', '\u00005\u0000'));
    expect(table.cells).toEqual(PLAIN_CELLS);
    expect(repair(table, 'nul-bytes')?.count).toBe(2);
  });

  it('trims blanks and no-break spaces around cells', async () => {
    const table = await read('name,n\nFriuli V. G. , 5\n\u00a0Lazio\u00a0,7\n  ,8\n');
    expect(table.cells).toEqual([
      ['Friuli V. G.', '5', 2],
      ['Lazio', '7', 3],
      [null, '8', 4],
    ]);
    expect(repair(table, 'trimmed-cells')?.count).toBe(4);
  });

  it('keeps the rows around ragged ones, which it hands back with line and text', async () => {
    const table = await read('a,b,c\n1,2,3\n\n4,5\n6,7,8,9\n"x\ny",2,3\n7,8,9\n');
    expect(table.cells).toEqual([
      ['1', '2', '3', 2],
      ['x\ny', '2', '3', 6],
      ['7', '8', '9', 8],
    ]);
    expect(table.rejects.map(({ line, text }) => [line, text])).toEqual([
      [4, '4,5'],
      [5, '6,7,8,9'],
    ]);
    expect(table.rejected).toBe(2);
  });

  it('counts all ragged rows also where there are too many to keep', async () => {
    const bad = '1,2\n'.repeat(25_000);
    const table = await read(`a,b,c\n${'1,2,3\n'.repeat(30_000)}${bad}4,5,6\n`);
    expect(table.rejects.length).toBe(10_000);
    expect(table.rejected).toBe(25_000);
    expect(table.rows).toBe(30_001);
  });

  it('drops a trailing empty column, whether header, rows or both have it', async () => {
    for (const text of ['a,b,\n1,2,\n3,4,\n', 'a,b\n1,2,\n3,4,\n', 'a,b,\n1,2\n3,4\n']) {
      const table = await read(text);
      expect(table.columns).toEqual(['a', 'b']);
      expect(table.cells.map((row) => row.slice(0, 2))).toEqual([
        ['1', '2'],
        ['3', '4'],
      ]);
      expect(repair(table, 'trailing-empty-column')).toBeDefined();
    }
  });

  it('keeps a last column without a name that has values', async () => {
    const table = await read('a,b,\n1,2,\n3,4,7\n');
    expect(table.columns).toEqual(['a', 'b', 'col_3']);
    expect(repair(table, 'unnamed-column')?.examples).toEqual(['col_3']);
  });

  it('renames repeated names, which differ in more than case', async () => {
    const table = await read('a,A,a,_line\n1,2,3,4\n');
    expect(table.columns).toEqual(['a', 'A_2', 'a_3', '_line_2']);
    expect(repair(table, 'repeated-header')?.count).toBe(3);
  });

  it('skips a preamble and comments, and still knows the lines', async () => {
    const table = await read(`# made by the portal\nCases by day\n\n${PLAIN}`);
    expect(table.columns).toEqual(['date', 'code', 'cases']);
    expect(table.cells.map((row) => row[3])).toEqual([5, 6]);
    expect(repair(table, 'preamble')?.count).toBe(2);
    const sep = await read(`sep=;\n${PLAIN.replaceAll(',', ';')}`);
    expect(sep.columns).toEqual(['date', 'code', 'cases']);
  });

  it('makes names where there is no header', async () => {
    const table = await read('2024-01-01,01,5\n2024-01-02,02,7\n');
    expect(table.columns).toEqual(['col_1', 'col_2', 'col_3']);
    expect(table.rows).toBe(2);
    expect(table.cells[0]).toEqual(['2024-01-01', '01', '5', 1]);
    expect(repair(table, 'no-header')).toBeDefined();
  });

  it('reads on past a quote that never closes', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${i},name ${i},"${i}"\n`);
    rows[10] = '10,"name 10,"10"\n';
    rows[20] = '20,"name 20,20\n';
    const table = await read(`id,name,n\n${rows.join('')}`);
    expect(table.rows).toBe(50);
    expect(table.cells[20]).toEqual(['20', '"name 20', '20', 22]);
    expect(table.cells[30]).toEqual(['30', 'name 30', '30', 32]);
    expect(repair(table, 'unclosed-quote')).toBeDefined();
  });

  it('keeps numbers beyond 2^53 digit by digit', async () => {
    expect((await read('id,n\n9007199254740993,1\n')).cells[0][0]).toBe('9007199254740993');
  });

  it('reads very long lines', async () => {
    const table = await read(`a,b\n${'x'.repeat(3_000_000)},1\ny,2\n`);
    expect(table.rows).toBe(2);
  });

  it('reads a file with a single column', async () => {
    const table = await read('deaths\n5\n6\n');
    expect(table.columns).toEqual(['deaths']);
    expect(table.rows).toBe(2);
  });

  it('unpacks gzip', async () => {
    expect((await read(gzipSync(PLAIN))).cells).toEqual(PLAIN_CELLS);
  });
});

describe('readTable on what is no table', () => {
  it.each([
    ['an empty file', '', /empty/],
    ['blank lines', '\n\n\n', /blank/],
    ['a header only', 'date,code,cases\n', /no rows/],
    ['a web page', '<!DOCTYPE html>\n<html><body>503, sorry</body></html>\n', /web page/],
    ['JSON under the name of CSV', '{"error": "not found"}', /JSON/],
    ['a workbook', 'PK\u0003\u0004 and so on', /Excel/],
  ])('refuses %s with a clear error', async (_, content, message) => {
    const error = await read(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GateError);
    expect((error as GateError).message).toMatch(message);
    expect((error as GateError).hint).toBeTruthy();
  });
});

describe('readTable on several files', () => {
  it('appends files with the same columns, in whatever order', async () => {
    const table = await read('date,code,n\n2024-01-01,1,5\n', 'code,n,date,note\n1,6,2024-01-02,x\n');
    expect(table.columns).toEqual(['date', 'code', 'n', 'note']);
    expect(table.cells).toEqual([
      ['2024-01-01', '1', '5', null, 2],
      ['2024-01-02', '1', '6', 'x', 2],
    ]);
  });

  it('appends files of two schema versions that share no day', async () => {
    const table = await read(
      'date,code,n,active\n2024-01-01,1,5,9\n',
      'date,code,n,positive\n2024-01-02,1,6,8\n',
    );
    expect(table.rows).toBe(2);
  });

  it('joins others on the columns they share, and loses no row of either', async () => {
    const table = await read(
      'date,code,cases\n2024-01-01,1,5\n2024-01-01,2,6\n2024-01-02,1,7\n',
      'date,code,beds\n2024-01-01,1,50\n2024-01-01,2,60\n2024-01-03,1,70\n',
      'code,population\n1,1000\n2,2000\n3,3000\n',
    );
    expect(table.columns).toEqual(['date', 'code', 'cases', 'beds', 'population']);
    expect(table.cells.map((row) => row.slice(0, 5)).sort()).toEqual([
      ['2024-01-01', '1', '5', '50', '1000'],
      ['2024-01-01', '2', '6', '60', '2000'],
      ['2024-01-02', '1', '7', null, '1000'],
      ['2024-01-03', '1', null, '70', '1000'],
    ]);
    expect(repair(table, 'joined-files-with-rows-left-over')?.count).toBe(1);
  });

  it('refuses files that share nothing', async () => {
    await expect(read('a,b\n1,2\n', 'c,d\n1,2\n')).rejects.toThrow(/no column in common/);
  });
});

describe('readTable on other layouts', () => {
  it('turns one column per date into one row per date', async () => {
    const table = await read(
      'Province/State,Country/Region,Lat,Long,1/22/20,1/23/20,1/24/20\n,Italy,41.9,12.6,0,1,3\nHubei,China,30.9,112.3,444,500,\n',
    );
    expect(table.columns).toEqual(['Province/State', 'Country/Region', 'Lat', 'Long', 'date', 'value']);
    expect(table.rows).toBe(6);
    expect(table.cells[1]).toEqual([null, 'Italy', '41.9', '12.6', '1/23/20', '1', 2]);
    expect(repair(table, 'dates-in-columns')?.count).toBe(3);
  });

  it('finds the records of a JSON document, by row or by column', async () => {
    const byRow = await readFiles([
      await file(
        '{"meta":{"n":2},"data":[{"d":"2024-01-01","id":"01","n":1.5},{"d":"2024-01-02","id":"02","n":null}]}',
        'json',
      ),
    ]);
    expect(byRow.cells).toEqual([
      ['2024-01-01', '01', '1.5', 1],
      ['2024-01-02', '02', null, 2],
    ]);
    const byColumn = await readFiles([
      await file(
        '{"hourly_units":{"t":"C"},"hourly":{"time":["2024-01-01T00:00","2024-01-01T01:00"],"t":[1.5,2]}}',
        'json',
      ),
    ]);
    expect(byColumn.columns).toEqual(['time', 't']);
    expect(byColumn.cells[1]).toEqual(['2024-01-01T01:00', '2', 2]);
  });

  it('refuses JSON without records and Parquet that is none', async () => {
    await expect(readFiles([await file('{"error":"quota"}', 'json')])).rejects.toThrow(/no records/);
    await expect(readFiles([await file('a,b\n1,2\n', 'parquet')])).rejects.toThrow(/not Parquet/);
  });
});
