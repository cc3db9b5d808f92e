import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Monitor } from './monitor.ts';

const KINDS = ['bundle', 'pack'];
const RESULTS = ['swapped', 'refused', 'rolled-back', 'failed'];
const SHED = ['pressure', 'queue', 'rate-limit', 'timeout'];

/** Counters from zero on: a first event of a counter that was not there is no increase to Prometheus. */
export function beginAtZero({ swaps, asked, outOfRange, shed }: Monitor, models: string[]): void {
  for (const reason of SHED) shed.inc({ reason }, 0);
  for (const model of models) {
    asked.inc({ model }, 0);
    outOfRange.inc({ model }, 0);
    for (const kind of KINDS) for (const result of RESULTS) swaps.inc({ model, kind, result }, 0);
  }
}

type Hook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/** Counts and times every route that is registered from now on. Each has hooks of its own, with its labels already made: to look a
 *  route up in a request costs more than to count it. */
export function measureRoutes(app: FastifyInstance, monitor: Monitor): void {
  app.addHook('onRoute', (route) => {
    const [begin, end] = hooksFor(route, monitor);
    // First of all, so that what other hooks take is in it too.
    route.onRequest = [begin, ...listed(route.onRequest)] as RouteOptions['onRequest'];
    route.onResponse = [end, ...listed(route.onResponse)] as RouteOptions['onResponse'];
  });
}

function hooksFor({ url, method }: RouteOptions, { live, requests, latency }: Monitor): [Hook, Hook] {
  const seconds = latency.labels({ route: url });
  const name = Array.isArray(method) ? method.join('|') : method;
  const byStatus = new Map<number, { inc(): void }>();
  return [
    (_request, _reply, done) => {
      live.inFlight++;
      done();
    },
    (_request, reply, done) => {
      live.inFlight--;
      const { statusCode } = reply;
      let count = byStatus.get(statusCode);
      if (!count) {
        count = requests.labels({ route: url, method: name, status: statusCode });
        byStatus.set(statusCode, count);
      }
      count.inc();
      seconds.observe(reply.elapsedTime / 1000);
      done();
    },
  ];
}

function listed<T>(hooks: T | T[] | undefined): T[] {
  return hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks];
}
