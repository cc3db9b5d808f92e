import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { registerJsonBody } from './guards/json-body.ts';
import { methodLabel, refuseOtherMethods } from './guards/other-methods.ts';
import { shedLoad } from './guards/shed.ts';
import { silent } from './log.ts';
import { beginAtZero, measureRoutes } from './monitor/measure.ts';
import type { Parts } from './parts.ts';
import { keepEditions } from './predictor/answer-with.ts';
import { ProblemError, sendProblem } from './problem.ts';
import { adminRoute } from './routes/admin.ts';
import { docsRoute } from './routes/docs.ts';
import { forecastRoute } from './routes/forecast.ts';
import { healthRoute } from './routes/health.ts';
import { inferRoute } from './routes/infer.ts';
import { jobsRoute } from './routes/jobs.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelInfoRoute } from './routes/model-info.ts';
import { pageRoute } from './routes/page.ts';
import { predictRoute } from './routes/predict.ts';
import { rootRoute } from './routes/root.ts';
import { statisticsRoute } from './routes/statistics.ts';

/** The service without its socket: `main.ts` listens, tests inject.
 *  @param options.guards false: without what turns requests away, to measure what that costs */
export async function buildApp(parts: Parts, { guards = true }: { guards?: boolean } = {}) {
  const { settings, monitor, slots } = parts;
  const app = Fastify({
    // Its own log makes a logger a request, which costs more than the answer: see `measureRoutes`.
    logger: false,
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: 10_000,
    connectionTimeout: 15_000,
    keepAliveTimeout: 5_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 16_384 },
    trustProxy: settings.trustProxy,
    genReqId: requestId,
    routerOptions: { maxParamLength: 200 },
    // Whoever was sent here before the service began to stop is answered.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerBrokenPath(parts),
  });
  beginAtZero(
    monitor,
    slots.all.map(({ name }) => name),
  );
  keepEditions(app);
  measureRoutes(app, parts);
  tellWhatIsServed(app, parts);
  explainErrors(app, parts);
  registerJsonBody(app);
  if (guards) await shedLoad(app, parts);
  refuseOtherMethods(app);
  await app.register(rootRoute, parts);
  await app.register(pageRoute, parts);
  await app.register(healthRoute, parts);
  await app.register(metricsRoute, parts);
  await app.register(forecastRoute, parts);
  await app.register(statisticsRoute, parts);
  await app.register(predictRoute, parts);
  await app.register(modelInfoRoute, parts);
  await app.register(docsRoute, parts);
  await app.register(adminRoute, { ...parts, prefix: '/admin' });
  await app.register(inferRoute, { ...parts, prefix: '/v2' });
  await app.register(jobsRoute, parts);
  return app;
}

/** An identity that a client gave is kept where it is one; it is the prediction's too. */
function requestId({ headers }: { headers: IncomingHttpHeaders }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Every answer, an error too, says what gave it; one that no model gave says what the first model serves. */
function tellWhatIsServed(app: FastifyInstance, { slots, life }: Parts): void {
  const first = slots.of();
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('x-request-id', request.id);
    const edition = request.edition ?? first.current;
    if (edition) reply.headers(edition.headers);
    // A connection that is kept open would be cut off in the end.
    if (life.stopping) reply.header('connection', 'close');
    done();
  });
}

/** A path that cannot be read, such as one with half an escape, reaches no route and no hook. */
function answerBrokenPath({ monitor, slots }: Parts) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const status = error.statusCode ?? 400;
    monitor.requests.inc({ route: 'unknown', method: methodLabel(request.method), status });
    reply.headers({ 'x-request-id': request.id, ...slots.of().current?.headers });
    sendProblem(reply, 'request', { status, title: 'Refused', detail: error.message });
  };
}

/** What is no HTTP reaches no route. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, title] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'The head of the request is too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request did not come whole in time']
        : ['400 Bad Request', 'This is no HTTP request'];
  const body = JSON.stringify({
    type: 'urn:perennial:problem:http',
    title,
    status: Number(status.slice(0, 3)),
  });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function explainErrors(app: FastifyInstance, { settings: { maxJobBodyBytes }, log = silent }: Parts): void {
  app.setNotFoundHandler((request, reply) => {
    return sendProblem(reply, 'no-route', {
      status: 404,
      title: 'There is nothing here',
      detail: `${request.method} ${request.url.split('?')[0]} is not served; GET / tells what is`,
    });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(reply, error.kind, error.problem);
    const status = error.statusCode ?? 500;
    if (status === 413) {
      const most = request.routeOptions.bodyLimit;
      return sendProblem(reply, 'body-too-large', {
        status,
        title: 'The body is too large',
        detail: `expected at most ${most} bytes`,
        facts: { hint: most < maxJobBodyBytes ? 'POST /jobs takes longer ones' : 'send it in parts' },
      });
    }
    if (status < 500)
      return sendProblem(reply, 'request', { status, title: 'Refused', detail: error.message });
    log.error({ err: error, id: request.id }, 'failed');
    // What went wrong inside is for the log alone.
    return sendProblem(reply, 'internal', {
      status,
      title: 'Failed',
      detail: 'the service failed; its log says why',
    });
  });
}
