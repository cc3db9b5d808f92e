import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packQuarantine } from '../../clients/quarantine-archive.ts';
import { type StageContext, silent } from '../../context.ts';
import { ModelParams } from '../../contracts/params.ts';
import { type Snapshot, SourceState } from '../../contracts/snapshot.ts';
import { readJson, writeJson } from '../../files.ts';
import { paths, workspaceAt } from '../../workspace.ts';
import { readmit } from './readmit.ts';
import { gate, inspect } from './run.ts';

let root: string;
let context: StageContext;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gate-'));
  const workspace = workspaceAt(root);
  context = {
    workspace,
    paths: paths(workspace, 'm'),
    model: 'm',
    params: ModelParams.parse({ task: 'forecast', source: { urls: ['http://127.0.0.1/a.csv'] } }),
    now: () => new Date('2021-04-01T12:00:00Z'),
    log: pino({ level: 'silent' }),
    progress: silent,
    signal: new AbortController().signal,
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

type Edit = (cells: Record<string, string | number>, day: number, tract: number) => void;

function csv(days: number, edit: Edit = () => {}): string {
  const lines: string[] = [];
  let header = '';
  for (let day = 0; day < days; day++) {
    for (let tract = 1; tract <= 4; tract++) {
      const cells = {
        date: new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10),
        tract_id: `0${tract}`,
        tract_name: ['Alba', 'Borgo', 'Città', 'Duomo'][tract - 1],
        new_cases: 50 + tract * 10 + ((day * 5 + tract) % 11),
        tests: 900 + tract * 100 + ((day * 13 + tract * 7) % 90),
      };
      edit(cells, day, tract);
      header = Object.keys(cells).join(',');
      lines.push(Object.values(cells).join(','));
    }
  }
  return `${header}\n${lines.join('\n')}\n`;
}

/** A snapshot as ingest leaves it. */
async function collect(
  collectedAt: string,
  text: string,
): Promise<{ directory: string; snapshot: Snapshot }> {
  const directory = join(context.paths.raw, collectedAt.replaceAll(':', '-'));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'a.csv'), text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const file = {
    name: 'a.csv',
    url: 'http://127.0.0.1/a.csv',
    bytes: Buffer.byteLength(text),
    sha256,
    format: 'csv' as const,
    headers: {},
  };
  const snapshot: Snapshot = { collected_at: collectedAt, files: [file], sha256 };
  const before = await readJson(context.paths.source, SourceState);
  await writeJson(context.paths.source, SourceState, {
    ...before,
    urls: {},
    snapshot: { collected_at: collectedAt, sha256 },
    last_new_at: collectedAt,
    checked_at: collectedAt,
  });
  return { directory, snapshot };
}

async function observations(where = 'true'): Promise<(string | number | null)[][]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(
    `SELECT tract_id, time::DATE::VARCHAR, epoch_ms(known_at)::DOUBLE, new_cases, tests
       FROM read_parquet('${context.paths.observations}') WHERE ${where} ORDER BY ALL`,
  );
  connection.closeSync();
  return read.getRows() as (string | number | null)[][];
}

const FIRST = '2021-03-31T06:00:00Z';
const SECOND = '2021-04-01T06:00:00Z';

test('the first snapshot becomes the observations, the second adds only what changed', async () => {
  const first = await gate(context, await collect(FIRST, csv(89)));
  expect(first.report.expectations.filter(({ passed, severity }) => !passed && severity === 'fail')).toEqual(
    [],
  );
  expect(first.passed).toBe(true);
  expect(await observations()).toHaveLength(4 * 89);

  const second = await gate(
    context,
    await collect(
      SECOND,
      csv(90, (cells, day, tract) => {
        if (day === 80 && tract === 2) cells.new_cases = 777;
        if (day === 81 && tract === 2) cells.tests = '';
      }),
    ),
  );
  expect(second.passed).toBe(true);
  const news = await observations(`known_at = TIMESTAMP '2021-04-01 06:00:00'`);
  expect(news).toHaveLength(2 + 4);
  expect(news.find(([, day]) => day === '2021-03-22')?.slice(3)).toEqual([777, 1164]);
  expect(news.find(([, day]) => day === '2021-03-23')?.[4]).toBeNull();
  const source = await readJson(context.paths.source, SourceState);
  expect(source).toMatchObject({ gated: { passed: true }, schema: { rows: 360 } });
});

test('a value that goes back to what it was is a change too', async () => {
  const edit =
    (value: number): Edit =>
    (cells, day, tract) => {
      if (day === 50 && tract === 1) cells.new_cases = value;
    };
  for (const [at, value] of [
    [FIRST, 61],
    [SECOND, 62],
    ['2021-04-02T06:00:00Z', 61],
  ] as const) {
    await gate({ ...context, now: () => new Date(at) }, await collect(at, csv(89, edit(value))));
  }
  const cell = await observations(`tract_id = '01' AND time = TIMESTAMP '2021-02-20'`);
  expect(cell.map(([, , , cases]) => cases)).toEqual([61, 62, 61]);
});

test('the same snapshot judged twice, as after a kill, changes nothing', async () => {
  const collected = await collect(FIRST, csv(89));
  await gate(context, collected);
  const before = await readFile(context.paths.observations);
  await gate(context, collected);
  expect((await readFile(context.paths.observations)).equals(before)).toBe(true);
});

test('what fails leaves the observations and the accepted schema alone, and says why in both reports', async () => {
  await gate(context, await collect(FIRST, csv(89)));
  const before = {
    data: await readFile(context.paths.observations),
    source: await readJson(context.paths.source, SourceState),
  };
  const broken = await collect(
    SECOND,
    csv(90, (cells, day) => {
      if (day % 20 === 0) cells.new_cases = 'many';
    }),
  );
  const { passed } = await gate(context, broken);
  expect(passed).toBe(false);
  expect((await readFile(context.paths.observations)).equals(before.data)).toBe(true);
  const source = await readJson(context.paths.source, SourceState);
  expect(source?.schema).toEqual(before.source?.schema);
  expect(source?.gated?.passed).toBe(false);
  expect(await readFile(join(context.paths.reports, 'gate.md'), 'utf8')).toMatch(/^## Gate: failed/);
  expect(await readFile(join(context.paths.quarantine, '2021-04-01T06-00-00Z.csv'), 'utf8')).toContain(
    'new_cases is no number',
  );
});

test('a file that holds no table is refused with a report', async () => {
  const { passed, report } = await gate(context, await collect(FIRST, 'date,tract_id,new_cases\n'));
  expect(passed).toBe(false);
  expect(report.expectations).toMatchObject([{ expectation: 'readable-table', passed: false }]);
  expect((await readJson(context.paths.source, SourceState))?.gated?.passed).toBe(false);
});

test('rows come back from quarantine once params.yaml says that their column is of no use', async () => {
  const text = csv(89, (cells, day, tract) => {
    if (tract === 3 && (day === 10 || day === 11)) cells.tests = 'see note';
  });
  expect((await gate(context, await collect(FIRST, text))).passed).toBe(true);
  expect(await observations(`tract_id = '03'`)).toHaveLength(87);

  context.params.roles = { tests: 'other' };
  const [done] = await readmit(context);
  expect(done).toMatchObject({ tried: 2, passed: 2, added: 2, remaining: 0 });
  expect(await observations(`tract_id = '03'`)).toHaveLength(89);
  await expect(stat(done.file)).rejects.toThrow(/ENOENT/);
});

test('rows that are still bad stay in quarantine with their first line', async () => {
  const text = csv(89, (cells, day, tract) => {
    if (tract === 3 && day === 10) cells.new_cases = 'see note';
  });
  await gate(context, await collect(FIRST, text));
  const [done] = await readmit(context);
  expect(done).toMatchObject({ tried: 1, passed: 0, added: 0, remaining: 1 });
  expect(await readFile(done.file, 'utf8')).toMatch(/new_cases is no number,0,44,/);
});

test('rows of a closed month come back from its archive, and those that stay are packed again', async () => {
  const text = csv(89, (cells, day, tract) => {
    if (tract === 3 && day === 10) cells.new_cases = 'see note';
  });
  await gate(context, await collect(FIRST, text));
  await gate(context, await collect(SECOND, text));
  const { quarantine } = context.paths;
  expect(await packQuarantine(quarantine)).toEqual(['2021-03.zip']);
  const done = await readmit(context);
  expect(done.map(({ tried, remaining }) => ({ tried, remaining }))).toEqual([
    { tried: 1, remaining: 1 },
    { tried: 1, remaining: 1 },
  ]);
  await packQuarantine(quarantine);
  expect((await readdir(quarantine)).sort()).toEqual(['2021-03.zip', '2021-04-01T06-00-00Z.csv']);
});

test('a renamed column is told with its evidence and keeps its role', async () => {
  await gate(context, await collect(FIRST, csv(89)));
  const renamed = csv(90).replace('tests', 'tamponi_xyz');
  const { passed, report } = await gate(context, await collect(SECOND, renamed));
  expect(report.anomalies).toMatchObject([
    { kind: 'renamed', column: 'tamponi_xyz', was: 'tests', severity: 'warn' },
  ]);
  expect(report.columns.find(({ name }) => name === 'tamponi_xyz')?.role).toBe('tests');
  expect(passed).toBe(true);
});

test('tests in thousands are another unit, and stop the run', async () => {
  const file = async (name: string, text: string) => {
    await writeFile(join(root, name), text);
    return [{ path: join(root, name), format: 'csv' as const }];
  };
  const report = await inspect({
    files: await file(
      'b.csv',
      csv(90, (cells) => {
        cells.tests = Number(cells.tests) / 1000;
      }),
    ),
    previous: await file('a.csv', csv(89)),
    source: 'b.csv',
  });
  expect(report.anomalies).toMatchObject([
    { kind: 'unit_changed', column: 'tests', was: '× 1,000', severity: 'fail' },
  ]);
  expect(report.passed).toBe(false);
});
