import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';

/** `GET /metrics`, as Prometheus reads them. */
export const metricsRoute: FastifyPluginAsync<Parts> = async (app, { monitor: { registry } }) => {
  app.get('/metrics', { config: { always: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
};
