import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { simulateLarge } from '../pipeline/simulator/large.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { pythonWith } from '../test/servers/installed.ts';
import type { BenchTable } from './table.ts';
import type { StageCost } from './tables-child.ts';

const MINUTE = 60_000;
const PROVINCES = resolve(REPOSITORY, '../shared/data/italy/italy-provinces.csv.gz');
const PEER = ['pandera==0.24.0', 'pandas==2.2.3', 'numpy<2.3'];

interface Job {
  name: string;
  path: string;
  asked: string;
  /** What pandera is told of the columns; we find it out. */
  known: { date: string; tract: string; numbers: Record<string, [low: number, high: number]> };
}

/** A file from the portal's bytes to the data set, through the loop's own stages, beside what only reads it. */
export async function run(): Promise<BenchTable> {
  const scratch = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  try {
    const jobs = await prepare(scratch);
    const load = loadavg()[0].toFixed(1);
    const peer = await pythonWith('bench-pandera', PEER).catch((error: Error) => error);
    const rows: string[][] = [];
    for (const job of jobs) {
      rows.push(...(await ours(job, scratch)), await floor(job), await pandera(job, peer));
    }
    return {
      title: 'Tables: ingest, gate and features',
      columns: ['file', 'what', 'wall s', 'CPU s', 'peak MiB', 'asked'],
      rows,
      notes: [
        'ingest copies and hashes; gate finds the columns’ meaning, types, checks and merges every row; features derives its columns and writes Parquet. Wall is what the target is about; CPU is user and system time of all threads, which a busy machine distorts less.',
        'Each row of perennial and pandera is a process of its own; its start is not counted for either. The peak is the process’s so far.',
        'pandera reads with pandas and checks nulls, unique keys, types and ranges, having been told the columns; it derives and writes nothing.',
        `Load of the machine at the start: ${load}.`,
        ...(existsSync(PROVINCES) ? [] : ['Skipped: ../shared/data/italy is not here.']),
      ],
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function prepare(scratch: string): Promise<Job[]> {
  const large = join(scratch, 'large.csv');
  const rows = await simulateLarge(large, { tracts: 3100, days: 1000, seed: 1 });
  const count: [number, number] = [0, 1e9];
  const simulated: Job = {
    name: `simulated, ${rows.toLocaleString('en')} rows`,
    path: large,
    asked: '< 30 s, < 2048 MiB',
    known: {
      date: 'rpt_date',
      tract: 'FIPS',
      numbers: { conf_cum: count, tests_24h: count, inpt_cur: count, lat: [-90, 90], lon: [-180, 180] },
    },
  };
  if (!existsSync(PROVINCES)) return [simulated];
  const provinces: Job = {
    name: 'italy-provinces, 91,806 rows',
    path: PROVINCES,
    asked: '< 3 s',
    known: {
      date: 'data',
      tract: 'codice_provincia',
      numbers: { totale_casi: count, lat: [-90, 90], long: [-180, 180] },
    },
  };
  return [provinces, simulated];
}

async function ours({ name, path, asked }: Job, scratch: string): Promise<string[][]> {
  const child = fileURLToPath(new URL('./tables-child.ts', import.meta.url));
  const workspace = join(scratch, 'workspace');
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', child, path, workspace], {
    cwd: REPOSITORY,
    timeout: 10 * MINUTE,
  });
  await rm(workspace, { recursive: true, force: true });
  const { costs } = JSON.parse(stdout) as { costs: StageCost[] };
  const sum = (of: 'wall' | 'cpu') => costs.reduce((total, cost) => total + cost[of], 0);
  const peakMiB = Math.max(...costs.map((cost) => cost.peakMiB));
  return [
    ...costs.map((cost) => [name, cost.stage, ...figures(cost), '']),
    [name, '**perennial, all three**', ...figures({ wall: sum('wall'), cpu: sum('cpu'), peakMiB }), asked],
  ];
}

/** Counting lines is the least that reading can cost. */
async function floor({ name, path }: Job): Promise<string[]> {
  const began = performance.now();
  const read = path.endsWith('.gz') ? 'gzip -dc "$0" | wc -l' : 'wc -l < "$0"';
  await execa('sh', ['-c', read, path], { timeout: MINUTE });
  return [name, '`wc -l`', ((performance.now() - began) / 1000).toFixed(2), '', '', 'floor'];
}

async function pandera({ name, path, known }: Job, python: string | Error): Promise<string[]> {
  if (python instanceof Error) return [name, 'pandera: could not be installed', '', '', '', 'peer'];
  const script = fileURLToPath(new URL('./pandera_check.py', import.meta.url));
  const { stdout } = await execa(python, [script, JSON.stringify({ path, ...known })], {
    timeout: 10 * MINUTE,
  });
  const found = JSON.parse(stdout) as Omit<StageCost, 'stage'>;
  return [name, `pandera ${PEER[0].split('==')[1]}`, ...figures(found), 'peer'];
}

const figures = ({ wall, cpu, peakMiB }: Omit<StageCost, 'stage'>): string[] => [
  wall.toFixed(2),
  cpu.toFixed(2),
  Math.round(peakMiB).toString(),
];
