import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { methodLabel } from '../guards/other-methods.ts';
import { type Log, silent } from '../log.ts';
import type { Parts } from '../parts.ts';
import { observeAnswer } from '../predictor/answer-with.ts';
import { logAnswer } from '../request-log.ts';
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

/** Counts and times every route that is registered from now on, tells trials how its answers went, and logs some. Each route has a
 *  hook of its own: to look a route up in a request costs more than to count it, and a counter's labels are only put together when
 *  it is read. A request ends with its answer's `close`, which comes where a client has gone away, too. */
export function measureRoutes(app: FastifyInstance, { monitor, settings, log = silent }: Parts): void {
  const counted: { labels: Labels; counts: Counts }[] = [];
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
    const labels = { route: route.url, method };
    const counts: Counts = new Map();
    counted.push({ labels, counts });
    const begin = beginning(labels, counts, { monitor, log, share: settings.logShare });
    // Before the route's other hooks, so that what they take and turn away is in it too.
    route.onRequest = [begin, ...listed(route.onRequest)] as RouteOptions['onRequest'];
  });
  countOthers(app, monitor);
}

/** What no route has begun: there is none, or a hook that comes before those of routes has turned it away. */
function countOthers(app: FastifyInstance, { requests }: Monitor): void {
  app.decorateRequest('measured', false);
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { url: route = 'unknown' } = request.routeOptions;
    if (!request.measured)
      requests.inc({ route, method: methodLabel(request.method), status: reply.statusCode });
    request.measured = true;
    done();
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether its answer is counted, or will be. */
    measured: boolean;
  }
}

interface Labels {
  route: string;
  method: string;
}

/** By status. */
type Counts = Map<number, { n: number }>;

/** As proxies call it: the client did not wait for the answer. */
const GONE = 499;

function beginning(
  labels: Labels,
  counts: Counts,
  { monitor: { live, latency }, log, share }: { monitor: Monitor; log: Log; share: number },
): Hook {
  const { route } = labels;
  const times = latency.labels({ route });
  return (request, reply, done) => {
    const from = performance.now();
    request.measured = true;
    live.inFlight++;
    reply.raw.on('close', () => {
      const ms = performance.now() - from;
      const status = reply.raw.writableEnded ? reply.raw.statusCode : GONE;
      live.inFlight--;
      const count = counts.get(status);
      if (count) count.n++;
      else counts.set(status, { n: 1 });
      times.observe(ms / 1000);
      if (status !== GONE) observeAnswer(request, { route, ms, failed: status >= 500 });
      if (status >= 500 || Math.random() < share) logAnswer(log, { ...labels, id: request.id, status, ms });
    });
    done();
  };
}

function listed<T>(hooks: T | T[] | undefined): T[] {
  return hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks];
}
