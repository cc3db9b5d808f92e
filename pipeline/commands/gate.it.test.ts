import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GateReport } from '../contracts/gate.ts';
import { REPOSITORY } from '../workspace.ts';
import { makeEnvironment } from './environment.ts';
import { gateCommand, readmissionText } from './gate.ts';

let folder: string;
const printed: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gate-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => {
  // The command sets it; the test run is not to end with it.
  process.exitCode = undefined;
  printed.length = 0;
});

/** Runs the command in this process: exit code, and what it wrote as JSON. */
async function gate(source: string, previous?: string) {
  const environment = makeEnvironment(
    { quiet: true, now: '2021-06-01T00:00:00Z' },
    new AbortController().signal,
  );
  environment.console.print = (text) => printed.push(text);
  const json = join(folder, 'report.json');
  await rm(json, { force: true });
  await gateCommand(environment, { source, previous, json });
  const report = GateReport.parse(JSON.parse(await readFile(json, 'utf8')));
  return { report, exitCode: process.exitCode ?? 0 };
}

const rows = Array.from({ length: 60 }, (_, day) => {
  const date = new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
  return `${date},A,${50 + (day % 9)}\n${date},B,${70 + (day % 7)}`;
}).join('\n');
const CSV = `date,region,new_cases\n${rows}\n`;

const WITHOUT_A_TABLE: [what: string, file: string, content: string | Buffer, seen: RegExp][] = [
  ['nothing', 'empty.csv', '', /empty/],
  ['blank lines', 'blank.csv', '\n\n \n', /empty|blank/],
  ['a header only', 'header.csv', 'date,region,new_cases\n', /a header and no rows/],
  ['a web page', 'page.csv', '<!DOCTYPE html><html><body>Log in</body></html>', /web page/],
  [
    'bytes that are no text',
    'noise.csv',
    Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 251)),
    /not text/,
  ],
  ['NUL bytes', 'zeros.csv', Buffer.alloc(5000), /empty|not text/],
  ['a gzip file that is cut off', 'cut.csv.gz', gzipSync(CSV.repeat(9)).subarray(0, 90), /cannot be read/],
  ['an error in JSON', 'error.json', '{"error":"not found"}', /records/],
  ['no records', 'none.json', '[]', /records|empty/],
  ['no Parquet', 'false.parquet', 'PAR1 and nothing else', /Parquet/],
];

describe('perennial gate on a file that holds', () => {
  test.each(WITHOUT_A_TABLE)('%s: a report that says so, and exit code 4', async (_, name, content, seen) => {
    await writeFile(join(folder, name), content);
    const { report, exitCode } = await gate(join(folder, name));
    expect(exitCode).toBe(4);
    expect(report.passed).toBe(false);
    const [failure] = report.expectations.filter(({ passed }) => !passed);
    expect(failure).toMatchObject({ expectation: 'readable-table', severity: 'fail' });
    expect(String(failure.observed)).toMatch(seen);
    expect(printed.join()).toContain(String(failure.observed).slice(0, 30));
  });

  test('a header only: its columns are reported all the same', async () => {
    await writeFile(join(folder, 'header.csv'), 'data,codice_regione,nuovi_casi,note\n');
    const { report } = await gate(join(folder, 'header.csv'));
    expect(report.columns.map(({ name, role }) => [name, role])).toEqual([
      ['data', 'date'],
      ['codice_regione', 'tract_id'],
      ['nuovi_casi', 'new_cases'],
      ['note', 'other'],
    ]);
    expect(report.columns.every(({ confidence }) => confidence <= 0.5)).toBe(true);
  });
});

test('a folder without data is refused with a report; a file that is not there cannot be reached', async () => {
  await mkdir(join(folder, 'nothing'), { recursive: true });
  await writeFile(join(folder, 'nothing', 'readme.md'), 'hello');
  expect((await gate(join(folder, 'nothing'))).exitCode).toBe(4);
  const { report, exitCode } = await gate(join(folder, 'nowhere.csv'));
  expect(exitCode).toBe(3);
  expect(report.passed).toBe(false);
});

test('an address where nobody answers is an upstream problem, with a report', async () => {
  await writeFile(join(folder, 'good.csv'), CSV);
  const refused = await execa(
    'node',
    [
      'setup/run.mjs',
      'pipeline/main.ts',
      'gate',
      '--source',
      join(folder, 'good.csv'),
      '--previous',
      join(folder, 'nowhere.csv'),
      '--json',
      '-',
    ],
    { cwd: REPOSITORY, reject: false },
  );
  expect(refused.exitCode).toBe(3);
  expect(GateReport.parse(JSON.parse(refused.stdout)).expectations[0].observed).toMatch(/nowhere\.csv/);
});

test('a good file passes with exit code 0', async () => {
  await writeFile(join(folder, 'good.csv'), CSV);
  const { report, exitCode } = await gate(join(folder, 'good.csv'));
  expect(exitCode).toBe(0);
  expect(report).toMatchObject({ passed: true, rows: 120, quarantined: 0, tracts: 2 });
});

test('readmit says what became of each file, and what to do with the rest', () => {
  expect(readmissionText('m', [])).toBe('m: nothing is in quarantine.');
  const text = readmissionText('m', [
    { file: '/q/2021-04-01T06-00-00Z.csv', tried: 3, passed: 2, added: 2, remaining: 1 },
  ]);
  expect(text.split('\n')).toEqual([
    'm: 2 rows taken back from quarantine, 1 stay there.',
    '  2021-04-01T06-00-00Z.csv: 3 rows tried, 2 pass now, 2 of them new to the model, 1 stay',
    'The next `npm run pipeline -- run --model m` uses them.',
    'Those that stay say why in their first column; mend `roles:` in params.yaml, or the source, and try again.',
  ]);
});
