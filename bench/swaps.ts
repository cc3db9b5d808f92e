import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { resealed, workspaceIn } from '../serve/following.testing.ts';
import { MODEL, type Sample, type SampleOptions, sampleOf } from '../serve/sample-service.testing.ts';
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
const SWAP_LIMIT_MS = 10_000;
const MOST_P99 = 1.5;

/** What the champion moves to and back. Steady: in a registry that the service does not follow, so that all but the service has the
 *  same to do. */
const KINDS = {
  steady: { followed: false, version: 'v0002', of: 'nothing' },
  model: { followed: true, version: 'v0002', of: 'a model trained anew' },
  borders: { followed: true, version: 'v0003', of: 'tracts with other borders' },
};
type Kind = keyof typeof KINDS;
type Home = ReturnType<typeof workspaceIn>;
type Round = Record<Kind, Loaded>;

/** The service as it is run, asked by another process, while its champion moves again and again: each swap reads, verifies, warms up
 *  and replaces a bundle. Rounds with and without swaps in turn. */
export async function benchSwaps(): Promise<BenchPart> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-swaps-'));
  const [home, other] = await Promise.all([homeIn(join(folder, 'home')), homeIn(join(folder, 'other'))]);
  const service = await startSwapping(home.root);
  const rounds: Round[] = [];
  const kinds = Object.keys(KINDS) as Kind[];
  try {
    const homeOf = (kind: Kind) => (KINDS[kind].followed ? home : other);
    for (const kind of kinds) await loaded(service, homeOf(kind), kind);
    for (let round = 0; round < ROUNDS; round++) {
      const done = {} as Round;
      // Who goes first changes: a neighbour's burst of load must not always hit the same one.
      for (let k = 0; k < kinds.length; k++) {
        const kind = kinds[(k + round) % kinds.length];
        done[kind] = await loaded(service, homeOf(kind), kind);
      }
      rounds.push(done);
    }
  } finally {
    service.terminate();
    await service.ended;
    await rm(folder, { recursive: true, force: true });
  }
  return { rows: (['model', 'borders'] as const).flatMap((kind) => rowsOf(rounds, kind)), notes: [NOTE] };
}

const NOTE = `Swaps: ${CONNECTIONS} connections of autocannon from another process; the service with every guard but its rate limit. Each swap reads a bundle of ${TRACTS} tracts from a registry, verifies it, warms it up and replaces the one before; at most one each ${EVERY_MS} ms. A model that is trained anew mostly has the borders of the one before, which are shared then. ${ROUNDS} rounds of ${SWAPS} swaps of each kind beside one in which another registry's champion moves, which the service does not follow; the ratio is the median of the rounds' ratios.`;

function rowsOf(rounds: Round[], kind: 'model' | 'borders'): BenchPart['rows'] {
  const sum = (figure: 'failed' | 'requests') => rounds.reduce((total, one) => total + one[kind][figure], 0);
  const ratio = median(rounds.map((one) => one[kind].p99 / one.steady.p99));
  const p99 = (of: Kind) => `${median(rounds.map((one) => one[of].p99)).toFixed(2)} ms`;
  const what = `${rounds.length * SWAPS} swaps, ${KINDS[kind].of}`;
  return [
    [
      `${what}: failed requests`,
      `${sum('failed')} of ${sum('requests')} ${tick(sum('failed') === 0)}`,
      '0',
      '',
    ],
    [
      `${what}: 99 % of \`/forecast\` within`,
      `${p99(kind)}, ${ratio.toFixed(2)} × ${tick(ratio <= MOST_P99)}`,
      `≤ ${MOST_P99} ×`,
      `steady ${p99('steady')}`,
    ],
  ];
}

/** Three versions: the champion, the same borders with another model, and other borders. */
async function homeIn(folder: string): Promise<Home> {
  await mkdir(folder);
  const home = workspaceIn(folder);
  await home.register(withBorders(0.4));
  await home.register(withBorders(0.4, 'persistence'));
  await home.register(withBorders(0.45));
  await home.promote('v0001');
  await home.publish(sampleOf({ tracts: TRACTS }).pack);
  return home;
}

function loaded({ url }: ServiceProcess, home: Home, kind: Kind): Promise<Loaded> {
  const until = moveChampion(home, url, KINDS[kind]);
  const asked = load(Number(new URL(url).port), ['/forecast?lat=40.5&lon=-75.5'], {
    seconds: (SWAPS * SWAP_LIMIT_MS) / 1000,
    connections: CONNECTIONS,
    until,
  });
  return until.then(() => asked);
}

/** Back and forth, each time when the one before is served, so that it ends where it began.
 *  @throws Error where a version is not served in time */
async function moveChampion(home: Home, url: string, { version, followed }: (typeof KINDS)[Kind]) {
  for (let at = 0; at < SWAPS; at++) {
    const began = performance.now();
    const next = at % 2 === 0 ? version : 'v0001';
    await home.promote(next);
    do await wait(EVERY_MS);
    while (
      (await versionAt(url)) !== (followed ? next : 'v0001') &&
      performance.now() - began < SWAP_LIMIT_MS
    );
    if (performance.now() - began >= SWAP_LIMIT_MS)
      throw new Error(`${next} was not served in ${SWAP_LIMIT_MS} ms`);
  }
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
function withBorders(radius: number, candidate: SampleOptions['candidate'] = 'seasonal-naive'): Sample {
  const sample = sampleOf({ tracts: TRACTS, candidate });
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
