import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import autocannon from 'autocannon';
import { sealBundle, verifyBundle } from '../pipeline/registry/manifest.ts';
import { packOf, type Sample, sampleOf } from '../serve/sample-service.testing.ts';
import { isReady, releaseInto } from '../serve/service-process.testing.ts';
import { buildSampleImage, dockerHere } from '../test/baked-image.testing.ts';
import { ask, type BuiltService, buildService, startBuilt } from '../test/built-service.testing.ts';
import { freePort } from '../test/servers/free-port.ts';
import { npmTool } from '../test/servers/installed.ts';
import { provincePolygons } from './serve/italy-polygons.ts';
import { type BenchPart, median } from './table.ts';

const NODE = '22.23.3';
const STARTS = 7;
/** `PERENNIAL_BENCH_REQUESTS`: fewer for a first look. */
const REQUESTS = Number(process.env.PERENNIAL_BENCH_REQUESTS ?? 1_000_000);
/** What the first requests compile and cache is no growth. */
const WARM = Math.min(50_000, REQUESTS / 10);
const CONNECTIONS = 16;
const READY_LIMIT_MS = 60_000;
/** Memory is measured after each: growth is a slope, not the difference of two moments. */
const PORTIONS = 10;
const MINUTE = 60_000;
/** 12,000 requests a second take a minute and a half for a million; a slower machine asks less and says so. */
const ASKING_LIMIT_MS = 4 * MINUTE;

/** How soon it answers, how much it weighs, and whether it grows. */
export async function benchService(): Promise<BenchPart> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  try {
    const sample = italySample();
    const [main, node] = await Promise.all([buildService(folder), nodeProgram()]);
    const baked = await releaseInto(join(folder, 'released'), sample);
    const starts = await starting({ main, node, baked });
    const image = await inDocker(folder, sample);
    const memory = await running({ main, node, baked });
    return {
      rows: [
        ['cold start to ready, the process', `${starts} ms`, '≤ 1000 ms', '–'],
        ...image.rows,
        ...memory.rows,
      ],
      notes: [
        `Cold start: median of ${STARTS} starts of the built service on Node ${NODE}, from the start of the process (Docker: of the container) to the first 200 of /health/ready; ${sample.panel.tracts.length} tracts, ${sample.italy ? 'the polygons of Italy’s provinces' : 'squares: ../shared/data is not here'}.`,
        ...image.notes,
        ...memory.notes,
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Italy's provinces with made cases: what memory goes to are polygons, windows and forecasts, whatever they say. */
function italySample(): Sample & { italy: boolean } {
  const places = provincePolygons();
  if (!places) return { ...sampleOf({ tracts: 107, days: 858 }), italy: false };
  const sample = sampleOf({ tracts: places.tracts, days: 858 });
  const { format: _, files: __, ...about } = verifyBundle(sample.files).manifest;
  const learnt = new Map(sample.files).set('places.geojson', places.geojson);
  const { files, digest } = sealBundle(learnt, about);
  const pack = packOf({ files, digest, panel: sample.panel });
  return { ...sample, files, pack, version: { ...sample.version, digest }, italy: true };
}

/** @returns path of the Node that the image has */
async function nodeProgram(): Promise<string> {
  return join(await npmTool(`node-${process.platform}-${process.arch}`, NODE), 'bin', 'node');
}

interface Started {
  main: string;
  node: string;
  baked: string;
}

async function starting({ main, node, baked }: Started): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const service = await startBuilt(main, { baked, node: [node], env: stateOf(baked) });
    times.push(service.readyMs);
    await service.stop();
  }
  return Math.round(median(times));
}

async function inDocker(folder: string, sample: Sample): Promise<BenchPart> {
  const here = await dockerHere();
  if (!here) return { rows: [], notes: ['Inside of Docker: skipped, no engine answers.'] };
  const { docker, base } = here;
  const tag = 'perennial-bench';
  await buildSampleImage(here, { folder: join(folder, 'image'), tag, sample });
  const own = (await docker.history(tag)).slice(0, -(await docker.history(base)).length);
  const bytes = own.reduce((sum, layer) => sum + layer.bytes, 0);
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const port = await freePort();
    const env = { PORT: String(port), HOST: '127.0.0.1' };
    const container = await docker.run({ image: tag, network: 'host', readOnly: true, env });
    try {
      for (
        const until = Date.now() + READY_LIMIT_MS;
        !(await isReady(`http://127.0.0.1:${port}`));
        await wait(5)
      )
        if (Date.now() > until) throw new Error(await docker.logs(container));
      const ready = Date.now();
      times.push(ready - Date.parse((await docker.inspect(container))?.State.StartedAt ?? ''));
    } finally {
      await docker.remove(container);
    }
  }
  await docker.removeImage(tag);
  return {
    rows: [
      ['cold start to ready, inside of Docker', `${Math.round(median(times))} ms`, '≤ 1000 ms', '–'],
      ['own layers of the image', `${(bytes / 1e6).toFixed(1)} MB`, '≤ 120 MB', '–'],
    ],
    notes: ['Own layers: what `docker history` counts above the base image, unpacked.'],
  };
}

async function running({ main, node, baked }: Started): Promise<BenchPart> {
  const collect = `data:text/javascript,process.on('SIGUSR2',()=>gc())`;
  const service = await startBuilt(main, {
    baked,
    node: [node, '--expose-gc', '--import', collect],
    env: { ...stateOf(baked), PERENNIAL_RATE_LIMIT: '0' },
  });
  try {
    await asked(service, WARM);
    const loaded = await service.residentMb();
    const points = await grown(service);
    const requests = points[points.length - 1].requests.toLocaleString('en');
    const of = (key: 'heap' | 'resident') => points.map((point) => point[key].toFixed(1)).join(', ');
    return {
      rows: [
        ['resident memory, Italy loaded', `${loaded.toFixed(0)} MB`, '≤ 200 MB', '–'],
        [
          `most resident memory in ${requests} requests`,
          `${Math.max(...points.map(({ busy }) => busy)).toFixed(0)} MB`,
          '≤ 200 MB',
          '–',
        ],
        [`heap over ${requests} requests, collected`, slopeOf(points, 'heap'), 'no growth', '–'],
        [
          `resident memory over ${requests} requests, collected`,
          slopeOf(points, 'resident'),
          'no growth',
          '–',
        ],
      ],
      notes: [
        `Memory: ${requests} questions of /forecast over ${CONNECTIONS} connections${points.length <= PORTIONS ? ` (of ${REQUESTS.toLocaleString('en')}: ${ASKING_LIMIT_MS / MINUTE} minutes were over)` : ''}, ${WARM.toLocaleString('en')} having gone before. Measured before them and after each portion, when all was collected, in MB: heap (nodejs_heap_size_used_bytes) ${of('heap')}; resident (VmRSS) ${of('resident')}. The growth is the slope of the line through the second half of the points: the first portions still fill caches.`,
      ],
    };
  } finally {
    await service.stop();
  }
}

interface Point {
  /** Asked so far. */
  requests: number;
  /** Megabytes: collected; and resident as the last question was answered. */
  heap: number;
  resident: number;
  busy: number;
}

/** Asks in portions, as many as the time allows by the rate that it finds. */
async function grown(service: BuiltService): Promise<Point[]> {
  const points: Point[] = [{ requests: 0, busy: await service.residentMb(), ...(await settled(service)) }];
  const started = performance.now();
  for (let portion = 1; portion <= PORTIONS; portion++) {
    await asked(service, REQUESTS / PORTIONS);
    const busy = await service.residentMb();
    points.push({ requests: (portion * REQUESTS) / PORTIONS, busy, ...(await settled(service)) });
    const next = ((performance.now() - started) / portion) * (portion + 1);
    if (next > ASKING_LIMIT_MS) break;
  }
  return points;
}

/** Least squares. */
function slopeOf(all: Point[], key: 'heap' | 'resident'): string {
  const points = all.length > 3 ? all.slice(all.length >> 1) : all;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(({ requests }) => requests)), mean(points.map((point) => point[key]))];
  const slope =
    mean(points.map((point) => (point.requests - x) * (point[key] - y))) /
    mean(points.map(({ requests }) => (requests - x) ** 2));
  return `${slope < 0 ? '−' : '+'}${Math.abs(slope * 100_000).toFixed(2)} MB in 100,000`;
}

/** Questions all over Italy; each is answered, or the bench fails. */
async function asked({ url }: BuiltService, amount: number): Promise<void> {
  const paths = Array.from({ length: 500 }, (_, index) => {
    const [latitude, longitude] = [37 + ((index * 0.618) % 1) * 9, 8 + ((index * 0.414) % 1) * 9];
    return `/forecast?lat=${latitude.toFixed(4)}&lon=${longitude.toFixed(4)}`;
  });
  const {
    errors,
    timeouts,
    '5xx': failed,
  } = await autocannon({
    url,
    amount,
    connections: CONNECTIONS,
    requests: paths.map((path) => ({ method: 'GET' as const, path })),
  });
  if (errors + timeouts + failed > amount / 100)
    throw new Error(
      `${failed} of ${amount} requests failed, ${errors} errors, ${timeouts} without an answer`,
    );
}

/** What is left when nobody asks and everything is collected, in megabytes. */
async function settled(service: BuiltService): Promise<{ heap: number; resident: number }> {
  for (let time = 0; time < 3; time++) {
    process.kill(service.pid, 'SIGUSR2');
    await wait(500);
  }
  const metrics = await (await ask(service.url, '/metrics')).text();
  const heap = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1]) / 1e6;
  return { heap, resident: await service.residentMb() };
}

const stateOf = (baked: string) => ({ PERENNIAL_STATE: `${baked}.state` });
