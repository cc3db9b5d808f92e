import { polygons } from '../../pipeline/simulator/counties.ts';
import { buildPlaces } from '../../pipeline/tasks/forecast/predict/places.ts';
import { type BenchPart, median, tick } from '../table.ts';
import { type Loaded, load, type Server, startServer } from './load.ts';
import { questions } from './questions.ts';

const KINDS = ['bare', 'measured', 'guarded'] as const;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const CONNECTIONS = 32;
const [LEAST_MEASURED, LEAST_GUARDED, MOST_P99] = [0.85, 0.6, 3];

/** `/forecast` beside a bare node:http server that parses the same request and writes the same bytes. */
export async function benchForecast(): Promise<BenchPart> {
  const servers = {} as Record<(typeof KINDS)[number], Server>;
  const rounds: Record<(typeof KINDS)[number], Loaded>[] = [];
  const paths = questions(buildPlaces(polygons('all', 1), { key: 'code' }));
  try {
    for (const kind of KINDS) servers[kind] = await startServer('bench/serve/forecast-server.ts', kind);
    for (const kind of KINDS) {
      await load(servers[kind].port, paths, { seconds: SECONDS, connections: CONNECTIONS });
    }
    for (let round = 0; round < ROUNDS; round++) {
      const done = {} as Record<(typeof KINDS)[number], Loaded>;
      // Who goes first changes: a neighbour's burst of load must not always hit the same one.
      for (let k = 0; k < KINDS.length; k++) {
        const kind = KINDS[(k + round) % KINDS.length];
        done[kind] = await load(servers[kind].port, paths, { seconds: SECONDS, connections: CONNECTIONS });
      }
      rounds.push(done);
    }
  } finally {
    for (const server of Object.values(servers)) await server.close();
  }
  const of = (kind: (typeof KINDS)[number], figure: keyof Loaded) =>
    median(rounds.map((round) => round[kind][figure]));
  const ratio = (kind: (typeof KINDS)[number], figure: keyof Loaded) =>
    median(rounds.map((round) => round[kind][figure] / round.bare[figure]));
  const failed = rounds.reduce(
    (sum, round) => sum + KINDS.reduce((all, kind) => all + round[kind].failed, 0),
    0,
  );
  const bare = `bare node:http ${of('bare', 'requestsPerSecond').toFixed(0)}/s`;
  const rate = (kind: 'measured' | 'guarded', least: number): string => {
    const share = ratio(kind, 'requestsPerSecond');
    return `${of(kind, 'requestsPerSecond').toFixed(0)}/s, ${(100 * share).toFixed(0)} % ${tick(share >= least)}`;
  };
  const slowest = (kind: 'measured' | 'guarded'): string => {
    const times = ratio(kind, 'p99');
    return `${of(kind, 'p99').toFixed(2)} ms, ${times.toFixed(2)} × ${tick(times <= MOST_P99)}`;
  };
  const bareP99 = `${of('bare', 'p99').toFixed(2)} ms`;
  return {
    rows: [
      ['`/forecast`, validation and metrics', rate('measured', LEAST_MEASURED), '≥ 85 %', bare],
      ['`/forecast`, every guard', rate('guarded', LEAST_GUARDED), '≥ 60 %', bare],
      ['`/forecast`, validation and metrics, p99', slowest('measured'), '≤ 3 ×', bareP99],
      ['`/forecast`, every guard, p99', slowest('guarded'), '≤ 3 ×', bareP99],
      ['`/forecast`, failed requests', `${failed} ${tick(failed === 0)}`, '0', ''],
    ],
    notes: [
      `/forecast: 1,000 seeded coordinates over the 3,231 US counties, ${CONNECTIONS} connections of autocannon from another process on loopback; ${ROUNDS} rounds of ${SECONDS} s each after a warm-up, the ratio is the median of the rounds' ratios. Every server is a process of its own.`,
      'The bare server parses the query with node:querystring, looks the finished text up and writes the same headers and body. Every guard: load shedding, a rate limit (too high to bite), time-outs, a log line for one request in a hundred.',
    ],
  };
}
