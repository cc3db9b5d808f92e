import { Readable } from 'node:stream';
import type { FastifyPluginAsync } from 'fastify';
import { refuseOthers, textOf } from '../guards/json-body.ts';
import { checkJobRows, jobRowsIn } from '../jobs/job-rows.ts';
import { type Job, Jobs } from '../jobs/jobs.ts';
import type { Parts } from '../parts.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { ProblemError } from '../problem.ts';

/** Bodies that are received and read at once: each may be long. */
const MOST_UPLOADS = 2;
/** Seconds after which there may be room again. */
const AGAIN = 5;

interface OfJob {
  Params: { id: string };
}

/** `POST /jobs`: rows in the form of `POST /predict`, as many as a job may have; then `GET /jobs/{id}` until it is done. */
export const jobsRoute: FastifyPluginAsync<Parts> = async (app, { slots, settings, monitor, life, now }) => {
  const jobs = new Jobs(settings, { monitor, now });
  const limits = { maxRows: settings.maxJobRows };
  let uploads = 0;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, textOf(body as Buffer, request.headers));
    } catch (error) {
      done(error as Error);
    }
  });
  refuseOthers(app);
  app.addHook('preClose', async () => jobs.close());

  app.post('/jobs', {
    bodyLimit: settings.maxJobBodyBytes,
    onRequest: (request, reply, done) => {
      // Before the body is read.
      reply.header('retry-after', AGAIN);
      const length = Number(request.headers['content-length']) || 0;
      // A longer one than any job may be is refused as such.
      jobs.checkRoom(Math.min(length, settings.maxJobBodyBytes));
      if (life.stopping || uploads >= MOST_UPLOADS) throw busy(life.stopping);
      reply.removeHeader('retry-after');
      uploads++;
      const over = () => {
        reply.raw.off('finish', over).off('close', over);
        uploads--;
      };
      reply.raw.once('finish', over).once('close', over);
      done();
    },
    handler: async (request, reply) => {
      const text = typeof request.body === 'string' ? request.body : 'null';
      const { model, rows } = await jobRowsIn(text, limits);
      const edition = answerWith(slots.of(model), request);
      await checkJobRows(rows, edition.model.served.request);
      const job = jobs.add(edition, rows, { bytes: text.length });
      return reply.code(202).header('location', `/jobs/${job.id}`).send(shownJob(job));
    },
  });

  app.get<OfJob>('/jobs/:id', async (request) => {
    const job = jobs.get(request.params.id);
    request.edition = job.edition;
    return shownJob(job);
  });

  app.get<OfJob>('/jobs/:id/result', async (request, reply) => {
    const job = jobs.get(request.params.id);
    request.edition = job.edition;
    if (job.state !== 'done') throw noResult(job);
    return reply
      .type('application/json; charset=utf-8')
      .header(
        'content-length',
        job.result.reduce((sum, part) => sum + part.length, 0),
      )
      .send(Readable.from(job.result));
  });

  app.delete<OfJob>('/jobs/:id', async (request) => {
    const job = jobs.delete(request.params.id);
    request.edition = job.edition;
    return shownJob(job);
  });
};

function shownJob({ id, edition, state, done, total, createdAt, expiresAt, reason }: Job) {
  return {
    id,
    state,
    model: edition.model.name,
    version: edition.model.version.version,
    progress: { done, total },
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    result: state === 'done' ? `/jobs/${id}/result` : null,
    reason,
  };
}

const noResult = ({ state, done, total, reason }: Job) =>
  new ProblemError('no-result', {
    status: 409,
    title: 'There is no result',
    detail: reason ?? `the job is ${state}: ${done} of ${total} rows are answered`,
    facts: { state },
  });

const busy = (stopping: boolean) =>
  new ProblemError('jobs-full', {
    status: 503,
    title: stopping ? 'The service is stopping' : 'Too many jobs',
    detail: stopping
      ? 'no job is begun any more'
      : `${MOST_UPLOADS} jobs are being received, no more may be at once`,
    facts: { hint: `ask again in ${AGAIN} seconds` },
  });
