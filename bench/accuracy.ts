import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { BacktestRow } from '../pipeline/contracts/backtest.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import type { BenchTable } from './table.ts';

const ITALY = resolve(REPOSITORY, '../shared/data/italy');
const WINDOW = { from: '2022-04-02', to: '2022-06-30' };

interface Figure {
  what: string;
  file: string;
  row: { model: string; target: BacktestRow['target']; horizon: number };
  of: 'wape' | 'mape' | 'coverage90';
  asked: [low: number, high: number];
  peer: string;
}

/** Peers as measured once with public Python libraries on the same days and protocol. */
const FIGURES: Figure[] = [
  figure(
    'regions, next day, WAPE',
    'regions',
    ['challenger', 'new', 1],
    'wape',
    [0, 0.15],
    'LightGBM on the weekly log-ratio 14.8 %',
  ),
  figure(
    'regions, 7 days, WAPE',
    'regions',
    ['challenger', 'new', 7],
    'wape',
    [0, 0.225],
    'mean of LSTM and LightGBM 22.7 %',
  ),
  figure(
    'regions, next day, 90 % interval covers',
    'regions',
    ['challenger', 'new', 1],
    'coverage90',
    [0.87, 0.93],
    '90 %',
  ),
  figure(
    'regions, 7 days, 90 % interval covers',
    'regions',
    ['challenger', 'new', 7],
    'coverage90',
    [0.87, 0.93],
    '90 %',
  ),
  figure(
    'regions, next day, LSTM alone, WAPE',
    'regions',
    ['lstm', 'new', 1],
    'wape',
    [0, 0.17],
    'Keras LSTM 17.7 %',
  ),
  figure(
    'regions, next day, 7-day mean, MAPE',
    'regions',
    ['challenger', 'new_7day_mean', 1],
    'mape',
    [0, 0.023],
    'LightGBM 2.31 %',
  ),
  figure(
    'provinces, next day, 7-day mean, MAPE',
    'provinces',
    ['challenger', 'new_7day_mean', 1],
    'mape',
    [0, 0.04],
    'growth 4.78 %',
  ),
];

/** The published choice on Italy's last 90 days, through the very command a user calls. */
export async function run(): Promise<BenchTable> {
  const title = 'Forecasts: Italy, 90 days to 2022-06-30, rolling origin';
  const columns = ['figure', 'perennial', 'asked', 'n', 'peer'];
  if (!existsSync(ITALY))
    return { title, columns, rows: [], notes: ['Skipped: ../shared/data/italy is not here.'] };
  const results: Record<string, { rows: BacktestRow[]; seconds: number }> = {};
  for (const file of new Set(FIGURES.map((one) => one.file))) results[file] = await backtest(file);
  return {
    title,
    columns,
    rows: FIGURES.map((one) => {
      const found = results[one.file].rows.find(
        ({ model, target, horizon }) =>
          model === one.row.model && target === one.row.target && horizon === one.row.horizon,
      );
      const value = found?.[one.of] ?? null;
      const reached = value !== null && value >= one.asked[0] && value <= one.asked[1];
      const asked =
        one.asked[0] > 0 ? `${percent(one.asked[0])}–${percent(one.asked[1])}` : `≤ ${percent(one.asked[1])}`;
      return [one.what, `${percent(value)} ${reached ? '✓' : '✗'}`, asked, String(found?.n ?? 0), one.peer];
    }),
    notes: [
      'Raw daily new cases; models see nothing after each cutoff and are fitted again as the cutoffs roll; blends, choice and intervals come from earlier cutoffs only.',
      ...Object.entries(results).map(
        ([file, { seconds }]) => `${file}: ${Math.round(seconds)} s for the whole backtest.`,
      ),
    ],
  };
}

function figure(
  what: string,
  file: string,
  [model, target, horizon]: [string, BacktestRow['target'], number],
  of: Figure['of'],
  asked: Figure['asked'],
  peer: string,
): Figure {
  return { what, file, row: { model, target, horizon }, of, asked, peer };
}

async function backtest(file: string): Promise<{ rows: BacktestRow[]; seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  try {
    const began = performance.now();
    const json = join(folder, 'rows.json');
    const source = join(ITALY, `italy-${file}.csv.gz`);
    await execa(
      'npm',
      [
        'run',
        '--silent',
        'backtest',
        '--',
        '--source',
        source,
        '--from',
        WINDOW.from,
        '--to',
        WINDOW.to,
        '--horizon',
        '1,7',
        '--json',
        json,
      ],
      { cwd: REPOSITORY, stdout: 'ignore', stderr: 'inherit', timeout: 30 * 60_000 },
    );
    const { rows } = z.object({ rows: z.array(BacktestRow) }).parse(JSON.parse(await readFile(json, 'utf8')));
    return { rows, seconds: (performance.now() - began) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const percent = (value: number | null) =>
  value === null ? '–' : `${(100 * value).toFixed(value < 0.1 ? 2 : 1)} %`;
