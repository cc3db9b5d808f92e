import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { request } from 'undici';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { resealed, workspaceIn } from '../serve/following.testing.ts';
import { MODEL, type Sample, sampleOf } from '../serve/sample-service.testing.ts';
import { type BenchPart, tick } from './table.ts';

/** As many provinces as Italy has, with about as many points as their borders. */
const TRACTS = 107;
const POINTS = 160;
const CONNECTIONS = 10;
const START_MS = 60_000;

export interface SwapsResult {
  swaps: number;
  requests: number;
  failed: number;
  steady: { p50: number; p99: number };
  swapping: { p50: number; p99: number };
}

/** The service as it is run, asked by another process, while its champion moves again and again: each swap reads, verifies, warms up
 *  and replaces a bundle with other polygons.
 *  @param options.rounds steady and swapping in turn; the median of each is told */
export async function benchSwaps({ swaps = 100, everyMs = 200, rounds = 1 } = {}): Promise<SwapsResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-swaps-'));
  const home = workspaceIn(folder);
  for (const radius of [0.4, 0.45]) await home.register(withBorders(radius));
  await home.promote('v0001');
  await home.publish(sampleOf({ tracts: TRACTS }).pack);
  const { url, stop } = await startService(folder);
  try {
    const seconds = Math.ceil((swaps * everyMs) / 1000 / rounds);
    await load(url, Math.min(5, seconds));
    const all: { steady: Load; swapping: Load; seen: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const steady = await load(url, seconds);
      const [swapping, seen] = await Promise.all([
        load(url, seconds + 1),
        moveChampion(home, url, { times: Math.round(swaps / rounds), everyMs }),
      ]);
      all.push({ steady, swapping, seen });
    }
    const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0);
    const middle = (of: (one: (typeof all)[number]) => Load) => ({
      p50: median(all.map((one) => of(one).p50)),
      p99: median(all.map((one) => of(one).p99)),
    });
    return {
      swaps: sum(({ seen }) => seen),
      requests: sum(({ swapping }) => swapping.requests),
      failed: sum(({ swapping }) => swapping.failed),
      steady: middle(({ steady }) => steady),
      swapping: middle(({ swapping }) => swapping),
    };
  } finally {
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The figures of `npm run bench -- serve swaps`. */
export async function benchSwapsPart(): Promise<BenchPart> {
  const { swaps, requests, failed, steady, swapping } = await benchSwaps({ rounds: 3 });
  const ratio = swapping.p99 / steady.p99;
  return {
    rows: [
      [
        `${swaps} swaps under load, failed requests`,
        `${failed} of ${requests} ${tick(failed === 0)}`,
        '0',
        '',
      ],
      [
        '99 % of `/forecast` within, while bundles are swapped',
        `${ms(swapping.p99)}, ${ratio.toFixed(2)} × ${tick(ratio <= 1.5)}`,
        '≤ 1.5 ×',
        `steady ${ms(steady.p99)}`,
      ],
    ],
    notes: [
      `Swaps: ${CONNECTIONS} connections from a second process (autocannon); the service with every guard but its rate limit. Each swap reads a bundle of ${TRACTS} tracts from a registry, verifies it, warms it up and replaces the one before; a swap each 200 ms.`,
    ],
  };
}

interface Load {
  requests: number;
  failed: number;
  p50: number;
  p99: number;
}

async function load(url: string, seconds: number): Promise<Load> {
  const autocannon = join(REPOSITORY, 'node_modules', 'autocannon', 'autocannon.js');
  const options = ['--json', '-c', `${CONNECTIONS}`, '-d', `${seconds}`];
  const { stdout } = await execa('node', [autocannon, ...options, `${url}/forecast?lat=40.5&lon=-75.5`], {
    timeout: (seconds + 30) * 1000,
  });
  const told = JSON.parse(stdout);
  return {
    requests: told.requests.total,
    failed: told.errors + told.timeouts + told.non2xx,
    p50: told.latency.p50,
    p99: told.latency.p99,
  };
}

/** @returns how often another version answered than before */
async function moveChampion(
  home: ReturnType<typeof workspaceIn>,
  url: string,
  { times, everyMs }: { times: number; everyMs: number },
): Promise<number> {
  let seen = 0;
  let before = await versionAt(url);
  for (let at = 0; at < times; at++) {
    const next = before === 'v0001' ? 'v0002' : 'v0001';
    await home.promote(next);
    await wait(everyMs);
    const now = await versionAt(url);
    if (now !== before) seen++;
    before = now;
  }
  return seen;
}

async function versionAt(url: string): Promise<string> {
  const { headers, body } = await request(`${url}/health`);
  await body.dump();
  return String(headers['x-model-version']);
}

async function startService(workspace: string): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'serve/main.ts', '--model', MODEL, '--workspace', workspace],
    {
      cwd: REPOSITORY,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        ...{ PORT: `${port}`, LOG_LEVEL: 'silent', PERENNIAL_RATE_LIMIT: '0', PERENNIAL_BAKED: 'none' },
        ...{ PERENNIAL_FOLLOW: 'registry', PERENNIAL_FOLLOW_SECONDS: '0.05' },
        // The next swap must not find the one before still on trial.
        PERENNIAL_TRIAL_REQUESTS: '1',
        PERENNIAL_TRIAL_MAX_LATENCY_RATIO: '100',
        ...{ MLFLOW_TRACKING_URI: '', DAGSHUB_REPO: '' },
      },
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child);
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await request(`${url}/health/ready`).catch(() => null);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return;
    await wait(100);
  }
  child.kill('SIGKILL');
  throw new Error(`the service did not start: ${said.slice(-500)}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Round tracts with long borders, other ones for another radius. */
function withBorders(radius: number): Sample {
  const sample = sampleOf({ tracts: TRACTS });
  const features = Array.from({ length: TRACTS }, (_, tract) => {
    const ring = Array.from({ length: POINTS + 1 }, (_, at) => {
      const angle = ((at % POINTS) / POINTS) * 2 * Math.PI;
      return [tract - 75.5 + radius * Math.cos(angle), 40.5 + radius * Math.sin(angle)];
    });
    const id = String(tract + 1).padStart(3, '0');
    return {
      type: 'Feature',
      properties: { id, name: id },
      geometry: { type: 'Polygon', coordinates: [ring] },
    };
  });
  return resealed(sample, (files) =>
    files.set('places.geojson', Buffer.from(JSON.stringify({ type: 'FeatureCollection', features }))),
  );
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

const ms = (value: number) => `${value} ms`;
