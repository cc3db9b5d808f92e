import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Parts } from '../parts.ts';
import { ProblemError } from '../problem.ts';
import { keyHashOf } from './api-keys.ts';

const MINUTE_MS = 60_000;
/** How often the event loop and the memory are looked at. */
const SAMPLE_MS = 500;
/** Seconds after which a client that was turned away may come again. */
const AGAIN = 2;
/** Clients that are counted at once; the ones that were seen longest ago are forgotten. */
const MOST_CLIENTS = 10_000;

/** Answers fewer so that those are answered in time: where the event loop is late or memory short, and where one client asks for
 *  more than its share. Routes that tell how the service is are never turned away (`config: { always: true }`). */
export async function shedLoad(app: FastifyInstance, { settings, monitor }: Parts): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: settings.maxEventLoopDelayMs,
    maxRssBytes: settings.maxRssBytes,
    sampleInterval: SAMPLE_MS,
    pressureHandler: (request, reply, kind, value) => {
      if (isAlwaysAnswered(request)) return;
      // No turn at all within a sample says only that one took longer than that.
      if (value === Number.POSITIVE_INFINITY && settings.maxEventLoopDelayMs > SAMPLE_MS) return;
      monitor.shed.inc({ reason: 'pressure' });
      reply.header('retry-after', AGAIN);
      throw new ProblemError('pressure', {
        status: 503,
        title: 'Too busy',
        detail: `the service has more to do than it can (${kind}): this request was not begun`,
        facts: { hint: `ask again in ${AGAIN} seconds` },
      });
    },
  });
  if (settings.rateLimit === 0) return;
  await app.register(rateLimit, {
    max: settings.rateLimit,
    timeWindow: MINUTE_MS,
    cache: MOST_CLIENTS,
    keyGenerator: clientOf(settings.apiKeys),
    // Written by every answer otherwise, and read by nobody.
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    onExceeded: () => monitor.shed.inc({ reason: 'rate-limit' }),
    errorResponseBuilder: (_request, { max, ttl }) =>
      new ProblemError('rate-limit', {
        status: 429,
        title: 'Too many requests',
        detail: `more than ${max} requests a minute from one client`,
        facts: { hint: `ask again in ${Math.ceil(ttl / 1000)} seconds` },
      }),
  });
}

/** A key that is known has a count of its own; any other text would let a client be somebody new with each request. */
function clientOf(known: readonly string[]): (request: FastifyRequest) => string {
  return (request) => {
    if (known.length === 0) return request.ip;
    const hash = keyHashOf(request);
    return hash !== null && known.includes(hash) ? hash : request.ip;
  };
}

function isAlwaysAnswered(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { always?: boolean }).always === true;
}
