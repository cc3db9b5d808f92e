import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { resealed, workspaceIn } from '../serve/following.testing.ts';
import { MODEL, type Sample, sampleOf } from '../serve/sample-service.testing.ts';
import { type ServiceProcess, startServiceProcess } from '../serve/service-process.testing.ts';
import { type Loaded, load } from './serve/load.ts';
import { type BenchPart, median, tick } from './table.ts';

/** As many provinces as Italy has, with about as many points as their borders. */
const TRACTS = 107;
const POINTS = 160;
const CONNECTIONS = 10;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SWAPS = Math.ceil(100 / ROUNDS);
const EVERY_MS = 200;
const MOST_P99 = 1.5;

/** The service as it is run, asked by another process, while its champion moves again and again: each swap reads, verifies, warms up
 *  and replaces a bundle with other polygons. Rounds with and without swaps in turn. */
export async function benchSwaps(): Promise<BenchPart> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-swaps-'));
  const home = workspaceIn(folder);
  for (const radius of [0.4, 0.45]) await home.register(withBorders(radius));
  await home.promote('v0001');
  await home.publish(sampleOf({ tracts: TRACTS }).pack);
  const service = await startSwapping(folder);
  const rounds: { steady: Loaded; swapping: Loaded }[] = [];
  let swaps = 0;
  try {
    const steadily = () => loaded(service);
    const whileSwapping = async () => {
      const [told, seen] = await Promise.all([loaded(service), moveChampion(home, service.url)]);
      swaps += seen;
      return told;
    };
    await whileSwapping();
    swaps = 0;
    for (let round = 0; round < ROUNDS; round++) {
      // Who goes first changes: a neighbour's burst of load must not always hit the same one.
      const first = round % 2 === 0 ? await steadily() : await whileSwapping();
      const second = round % 2 === 0 ? await whileSwapping() : await steadily();
      rounds.push(
        round % 2 === 0 ? { steady: first, swapping: second } : { steady: second, swapping: first },
      );
    }
  } finally {
    service.terminate();
    await service.ended;
    await rm(folder, { recursive: true, force: true });
  }
  return told(rounds, swaps);
}

function told(rounds: { steady: Loaded; swapping: Loaded }[], swaps: number): BenchPart {
  const sum = (of: (round: (typeof rounds)[number]) => number) =>
    rounds.reduce((total, round) => total + of(round), 0);
  const failed = sum(({ steady, swapping }) => steady.failed + swapping.failed);
  const requests = sum(({ swapping }) => swapping.requests);
  const ratio = median(rounds.map(({ steady, swapping }) => swapping.p99 / steady.p99));
  const ms = (side: 'steady' | 'swapping') => `${median(rounds.map((one) => one[side].p99)).toFixed(2)} ms`;
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
        `${ms('swapping')}, ${ratio.toFixed(2)} × ${tick(ratio <= MOST_P99)}`,
        `≤ ${MOST_P99} ×`,
        `steady ${ms('steady')}`,
      ],
    ],
    notes: [
      `Swaps: ${CONNECTIONS} connections of autocannon from another process; the service with every guard but its rate limit. Each swap reads a bundle of ${TRACTS} tracts from a registry, verifies it, warms it up and replaces the one before; a swap each ${EVERY_MS} ms. ${ROUNDS} pairs of rounds with and without swaps, ${(SWAPS * EVERY_MS) / 1000} s each; the ratio is the median of the pairs' ratios.`,
    ],
  };
}

function loaded({ url }: ServiceProcess): Promise<Loaded> {
  const seconds = (SWAPS * EVERY_MS) / 1000;
  const paths = ['/forecast?lat=40.5&lon=-75.5'];
  return load(Number(new URL(url).port), paths, { seconds, connections: CONNECTIONS });
}

/** @returns how often another version answered than before */
async function moveChampion(home: ReturnType<typeof workspaceIn>, url: string): Promise<number> {
  let seen = 0;
  let before = await versionAt(url);
  const began = performance.now();
  for (let at = 1; at <= SWAPS; at++) {
    await home.promote(before === 'v0001' ? 'v0002' : 'v0001');
    await wait(Math.max(0, began + at * EVERY_MS - performance.now()));
    const now = await versionAt(url);
    if (now !== before) seen++;
    before = now;
  }
  return seen;
}

async function versionAt(url: string): Promise<string> {
  const answer = await fetch(`${url}/health`);
  await answer.arrayBuffer();
  return String(answer.headers.get('x-model-version'));
}

function startSwapping(workspace: string): Promise<ServiceProcess> {
  const main = join(REPOSITORY, 'serve', 'main.ts');
  return startServiceProcess(
    'none',
    {
      ...{ LOG_LEVEL: 'silent', PERENNIAL_RATE_LIMIT: '0' },
      ...{ PERENNIAL_FOLLOW: 'registry', PERENNIAL_FOLLOW_SECONDS: '0.05' },
      // The next swap must not find the one before still on trial.
      PERENNIAL_TRIAL_REQUESTS: '1',
      PERENNIAL_TRIAL_MAX_LATENCY_RATIO: '100',
      ...{ MLFLOW_TRACKING_URI: '', DAGSHUB_REPO: '' },
    },
    [process.execPath, '--import', 'tsx', main, '--model', MODEL, '--workspace', workspace],
  );
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
