import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import type { ServiceSettings } from './settings.ts';

/** Options of the log: JSON lines, with nothing of a person in them: no address, no query (it says where somebody lives), no body. */
export function logOptions({ logLevel }: Pick<ServiceSettings, 'logLevel'>): FastifyServerOptions['logger'] {
  return {
    level: logLevel,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: {
      req: ({ method, routeOptions }: { method: string; routeOptions?: { url?: string } }) => ({
        method,
        route: routeOptions?.url,
      }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
  };
}

/** A line for a share of the answered requests, and for each that failed. A line a request would cost more than the answer.
 *  @param random a number from 0 to 1, for tests */
export function logRequests(
  app: FastifyInstance,
  { logShare }: Pick<ServiceSettings, 'logShare'>,
  random: () => number = Math.random,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    if (statusCode >= 500 || random() < logShare) {
      const about = {
        id: request.id,
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: statusCode,
        ms: Number(reply.elapsedTime.toFixed(2)),
      };
      if (statusCode >= 500) request.log.warn(about, 'failed');
      else request.log.info(about, 'answered');
    }
    done();
  });
}
