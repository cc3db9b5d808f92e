import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beginRun, deliver } from '../pipeline/clients/deliver-run.ts';
import { mlflowAt } from '../pipeline/clients/mlflow/mlflow-at.ts';
import { finishRecord, openRecord } from '../pipeline/clients/run-spool.ts';
import type { MlflowHome } from '../pipeline/contracts/homes.ts';
import type { RunRecord } from '../pipeline/contracts/run-record.ts';
import { MlflowServer, mlflowPython } from '../test/servers/mlflow.ts';
import type { BenchTable } from './table.ts';

const POINTS = 2_000;
const PARAMS = 60;
const FILES = 12;
const BYTES = 20e6;
const PAIRS = 9;
const ASKED = { requests: 12, seconds: 1.5, ratio: 1.2 };
const AT = '2026-06-30T22:00:00.000Z';
const EXPERIMENT = 'bench';
const MINUTE = 60_000;

/** A whole training run logged to MLflow 3.17 on loopback, ours against MLflow's Python client, in turns. */
export async function run(): Promise<BenchTable> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  const server = await MlflowServer.start({ version: '3' });
  try {
    return await measured(server.home, folder);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(home: MlflowHome, folder: string): Promise<BenchTable> {
  const paths: string[] = [];
  const mlflow = mlflowAt(home, { beforeRequest: (_method, path) => void paths.push(path) });
  await mlflow.ensureExperiment(EXPERIMENT);
  const files = await madeFiles(join(folder, 'files'));
  const peer = await pythonPeer(home, join(folder, 'files'));
  const ours: number[] = [];
  const theirs: number[] = [];
  const load = loadavg()[0].toFixed(1);
  try {
    // The first of each also has the server check the password.
    await logRun();
    await peer.logRun();
    paths.length = 0;
    for (let pair = 0; pair < PAIRS; pair++) {
      const turn = [async () => ours.push(await timed(logRun)), async () => theirs.push(await peer.logRun())];
      for (const go of pair % 2 === 0 ? turn : turn.reverse()) await go();
    }
  } finally {
    peer.close();
    await mlflow.close();
  }
  const uploads = paths.filter((path) => path.includes('/mlflow-artifacts/')).length / PAIRS;
  const requests = paths.length / PAIRS - uploads;
  const ratio = median(ours.map((seconds, pair) => seconds / theirs[pair]));
  return {
    title: 'Logging a training run to MLflow',
    columns: ['implementation', 'median s', 'fastest s', 'requests beside uploads', 'ratio'],
    rows: [
      ['perennial, spooled to disk first', ...times(ours), String(requests), ratio.toFixed(2)],
      ["MLflow's Python client 3.17.2", ...times(theirs), '', '1.00'],
      [
        'asked',
        `≤ ${ASKED.seconds} ${tick(median(ours) <= ASKED.seconds)}`,
        '',
        `≤ ${ASKED.requests} ${tick(requests <= ASKED.requests)}`,
        `≤ ${ASKED.ratio} ${tick(ratio <= ASKED.ratio)}`,
      ],
    ],
    notes: [
      `${POINTS.toLocaleString('en-US')} metric points, ${PARAMS} parameters, ${FILES} artifacts of ${BYTES / 1e6} MB in all, a data set, tags; server 3.17.2 with basic auth (cached) on loopback, SQLite and a folder behind it.`,
      `${PAIRS} alternating pairs after a run of each; the ratio is the median of the pairs' ratios. Ours counts the record on disk, its hashes and the look for a run that is there already; the other client does neither.`,
      `Load of the machine at the start: ${load}; where it is not near 0, the ratio tells more than the seconds.`,
    ],
  };

  async function logRun(): Promise<void> {
    const opened = await openRecord(join(folder, 'spool'), {
      ...{ model: 'bench', experiment: EXPERIMENT, name: 'perennial', started_at: AT },
      ...{ description: 'a run', tags: TAGS, params },
    });
    const { spooled, run } = await beginRun(mlflow, opened);
    const artifacts = files.map((from, index) => ({ path: `part-${index}.bin`, from }));
    const ended = await finishRecord(spooled, {
      ...{ ended_at: AT, description: 'a run', tags: TAGS, params, metrics, datasets: [dataset], artifacts },
    });
    await deliver(mlflow, ended, { run });
  }
}

const TAGS = { 'mlflow.user': 'bench', 'mlflow.source.name': 'bench', 'perennial.model': 'bench' };
const params = Object.fromEntries(Array.from({ length: PARAMS }, (_, k) => [`param.${k}`, k]));
const metrics: RunRecord['metrics'] = Array.from({ length: POINTS }, (_, k) => ({
  key: `curve-${k % 4}/loss`,
  value: 1 / (k + 1),
  step: k >> 2,
  at: AT,
}));
const dataset = {
  name: 'bench',
  digest: 'd41d8cd98f00b204e9800998ecf8427e.dir',
  source_type: 'http',
  source: '{"url":"https://example.org/data.csv"}',
  schema: '{"mlflow_colspec":[{"type":"double","name":"x","required":true}]}',
  profile: '{"num_rows":100}',
  context: 'training',
};

async function madeFiles(folder: string): Promise<string[]> {
  await mkdir(folder);
  const names = Array.from({ length: FILES }, (_, k) => join(folder, `part-${k}.bin`));
  for (const name of names) await writeFile(name, randomBytes(Math.round(BYTES / FILES)));
  return names;
}

async function pythonPeer(home: MlflowHome, artifacts: string) {
  const script = fileURLToPath(new URL('./mlflow_run.py', import.meta.url));
  const { context: _, ...entity } = dataset;
  const about = {
    url: home.url,
    experiment: EXPERIMENT,
    tags: TAGS,
    params,
    metrics: metrics.map(({ key, value, step }) => [key, value, step]),
    dataset: entity,
    artifacts,
  };
  // Too long for an argument of every system, but not for this one's: 100 kB.
  const python = execa(await mlflowPython('3'), [script, JSON.stringify(about)], {
    buffer: false,
    stderr: 'inherit',
    timeout: 10 * MINUTE,
    reject: false,
    env: {
      MLFLOW_TRACKING_USERNAME: home.username,
      MLFLOW_TRACKING_PASSWORD: home.password,
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: 'true',
      GIT_PYTHON_REFRESH: 'quiet',
    },
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`MLflow's client ended early with exit code ${(await python).exitCode}`);
    return value;
  };
  await next();
  return {
    /** @returns seconds */
    async logRun(): Promise<number> {
      python.stdin.write('run\n');
      return JSON.parse(await next()).seconds;
    },
    close: () => python.stdin.end(),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const times = (seconds: number[]): string[] => [median(seconds).toFixed(2), Math.min(...seconds).toFixed(2)];
const tick = (reached: boolean) => (reached ? '✓' : '✗');

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
