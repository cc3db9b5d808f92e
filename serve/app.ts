import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { CoordinatesError } from '../pipeline/tasks/forecast/predict/places.ts';
import type { Parts } from './parts.ts';
import { ProblemError, sendProblem } from './problem.ts';
import { forecastRoute } from './routes/forecast.ts';
import { healthRoute } from './routes/health.ts';
import { rootRoute } from './routes/root.ts';

/** The service without its socket: `main.ts` listens, tests inject. */
export async function buildApp(
  parts: Parts,
  { logger = false }: { logger?: FastifyServerOptions['logger'] } = {},
) {
  const { settings, slots } = parts;
  const app = Fastify({
    logger,
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: 10_000,
    handlerTimeout: 5_000,
    connectionTimeout: 15_000,
    keepAliveTimeout: 5_000,
  });
  // Every answer, an error too, says what is served; a route whose answer another edition gave says that one.
  app.addHook('onRequest', async (_request, reply) => {
    const current = slots.of().current;
    if (current) reply.headers(current.headers);
  });
  explainErrors(app);
  await app.register(rootRoute, parts);
  await app.register(healthRoute, parts);
  await app.register(forecastRoute, parts);
  return app;
}

function explainErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 'no-route', {
      status: 404,
      title: 'There is nothing here',
      detail: `${request.method} ${request.url.split('?')[0]} is not served; GET / tells what is`,
    }),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(reply, error.kind, error.problem);
    if (error instanceof CoordinatesError) {
      const facts = { hint: error.hint };
      return sendProblem(reply, error.reason, {
        status: 400,
        title: TITLES[error.reason],
        detail: error.message,
        facts,
      });
    }
    const status = error.statusCode ?? 500;
    if (status < 500)
      return sendProblem(reply, 'request', { status, title: 'Refused', detail: error.message });
    request.log.error(error);
    // What went wrong inside is for the log alone.
    return sendProblem(reply, 'internal', {
      status,
      title: 'Failed',
      detail: 'the service failed; its log says why',
    });
  });
}

const TITLES: Record<CoordinatesError['reason'], string> = {
  'not-a-number': 'Not a number',
  'out-of-range': 'There are no such coordinates',
  swapped: 'Latitude and longitude look exchanged',
  'no-places': 'This model knows no places',
};
