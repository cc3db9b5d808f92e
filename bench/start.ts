import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { z } from 'zod';
import { Leaderboard, MetricsFile } from '../pipeline/contracts/metrics.ts';
import { Promotion } from '../pipeline/contracts/promotion.ts';
import { TimingsFile } from '../pipeline/contracts/train.ts';
import { paths, REPOSITORY, workspaceAt } from '../pipeline/workspace.ts';
import type { BenchTable } from './table.ts';

const LIMIT_S = 120;
const LEAST_CUTOFFS = 30;
const MINUTE = 60_000;

/** `npm start` on a fresh clone of what is committed, its set-up being there already. */
export async function run(): Promise<BenchTable> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  try {
    const clone = join(folder, 'perennial');
    await freshClone(clone);
    const load = loadavg()[0].toFixed(1);
    const { wall, cpu } = await start(clone);
    const { metrics, leaderboard, promotion, timings } = await reports(clone);
    const ran = leaderboard.candidates.map(({ name }) => name);
    return {
      title: '`npm start` after set-up',
      columns: ['figure', 'perennial', 'asked'],
      rows: [
        ['wall', `${wall.toFixed(0)} s ${tick(wall < LIMIT_S)}`, `< ${LIMIT_S} s on two cores`],
        ['CPU, all its processes', `${cpu.toFixed(0)} s`, ''],
        [
          'scored cutoffs',
          `${metrics.cutoffs} ${tick(metrics.cutoffs >= LEAST_CUTOFFS)}`,
          `≥ ${LEAST_CUTOFFS}`,
        ],
        ['candidates run', ran.join(', '), 'LSTM, trees, baselines'],
        [
          'decision',
          `${promotion.outcome}: ${metrics.models.find(({ role }) => role === 'challenger')?.name}`,
          '',
        ],
      ],
      notes: [
        'A clone of the last commit in an empty folder; packages, TensorFlow and DVC are those of this one. No cache of DVC, no former run.',
        `Fitting took, in seconds: ${Object.entries(timings.fit_seconds)
          .map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`)
          .join(', ')}.`,
        `Load of the machine at the start: ${load}; where it is not near 0, CPU tells more than wall.`,
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function freshClone(clone: string): Promise<void> {
  await execa('git', ['clone', '--quiet', '--no-hardlinks', REPOSITORY, clone], { timeout: 5 * MINUTE });
  // Set-up writes into the folders that both clones share: it must find nothing to do.
  for (const file of ['package-lock.json', 'setup/requirements.txt', 'setup/tensorflow-wheel.txt']) {
    const [here, there] = await Promise.all(
      [REPOSITORY, clone].map((root) => readFile(join(root, file), 'utf8')),
    );
    if (here !== there)
      throw new Error(`${file} differs from the last commit: commit it, then bench \`npm start\``);
  }
  for (const name of ['node_modules', '.venv'])
    await symlink(join(REPOSITORY, name), join(clone, name), 'dir');
}

/** The shell's `times` counts every descendant that was waited for. */
async function start(clone: string): Promise<{ wall: number; cpu: number }> {
  const began = performance.now();
  const { stdout } = await execa('sh', ['-c', 'npm start >&2; code=$?; times; exit $code'], {
    cwd: clone,
    stderr: 'inherit',
    timeout: 20 * MINUTE,
    env: { PERENNIAL_CWD: clone, INIT_CWD: clone },
  });
  const wall = (performance.now() - began) / 1000;
  const [, children] = stdout.split('\n');
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + 60 * Number(m) + Number(s),
    0,
  );
  return { wall, cpu };
}

async function reports(clone: string) {
  const workspace = workspaceAt(join(clone, '.perennial'));
  const [model] = await readdir(join(workspace.root, 'reports'));
  const at = paths(workspace, model);
  return {
    metrics: await read(at.metrics, MetricsFile),
    promotion: await read(at.promotion, Promotion),
    leaderboard: await read(join(at.train, 'leaderboard.json'), Leaderboard),
    timings: await read(at.timings, TimingsFile),
  };
}

async function read<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
  return schema.parse(JSON.parse(await readFile(path, 'utf8')));
}

const tick = (reached: boolean) => (reached ? '✓' : '✗');
