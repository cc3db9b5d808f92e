import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { observeAnswer } from '../predictor/answer-with.ts';
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

/** Counts and times every route that is registered from now on, and tells trials how its answers went. Each has hooks of its own: to
 *  look a route up in a request costs more than to count it, and a counter's labels are only put together when it is read. */
export function measureRoutes(app: FastifyInstance, monitor: Monitor): void {
  const counted: { labels: Labels; counts: Map<number, { n: number }> }[] = [];
  Object.assign(monitor.requests, {
    collect() {
      for (const { labels, counts } of counted) {
        for (const [status, count] of counts) {
          if (count.n > 0) monitor.requests.inc({ ...labels, status }, count.n);
          count.n = 0;
        }
      }
    },
  });
  app.addHook('onRoute', (route) => {
    const method = Array.isArray(route.method) ? route.method.join('|') : route.method;
    const counts = new Map<number, { n: number }>();
    counted.push({ labels: { route: route.url, method }, counts });
    const [begin, end] = hooksFor(route.url, counts, monitor);
    // First of all, so that what other hooks take is in it too.
    route.onRequest = [begin, ...listed(route.onRequest)] as RouteOptions['onRequest'];
    route.onResponse = [end, ...listed(route.onResponse)] as RouteOptions['onResponse'];
  });
}

interface Labels {
  route: string;
  method: string;
}

function hooksFor(url: string, counts: Map<number, { n: number }>, { live, latency }: Monitor): [Hook, Hook] {
  const times = latency.labels({ route: url });
  return [
    (_request, _reply, done) => {
      live.inFlight++;
      done();
    },
    (request, reply, done) => {
      live.inFlight--;
      const { statusCode, elapsedTime } = reply;
      const count = counts.get(statusCode);
      if (count) count.n++;
      else counts.set(statusCode, { n: 1 });
      times.observe(elapsedTime / 1000);
      observeAnswer(request, { route: url, ms: elapsedTime, failed: statusCode >= 500 });
      done();
    },
  ];
}

function listed<T>(hooks: T | T[] | undefined): T[] {
  return hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks];
}
