import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import type { Slot } from '../predictor/slots.ts';
import { sendProblem } from '../problem.ts';

/** `GET /health/live`: the process answers. `GET /health/ready`: send it requests. `GET /health`: both in words, with what is served.
 *  What the service follows may be away: it goes on with what it has, and tells how old that is. */
export const healthRoute: FastifyPluginAsync<Parts> = async (app, { slots, life, now }) => {
  const options = { config: { always: true, rateLimit: false } };

  app.get('/health/live', options, async () => ({ status: 'live' }));

  app.get('/health/ready', options, async (_request, reply) => {
    const waiting = slots.all.filter(({ current }) => !current).map(({ name }) => name);
    if (!life.stopping && waiting.length === 0) return { status: 'ready', models: states() };
    return sendProblem(reply, 'not-ready', {
      status: 503,
      title: 'Not ready',
      detail: life.stopping ? 'the service is stopping' : `not loaded yet: ${waiting.join(', ')}`,
      facts: { models: states() },
    });
  });

  app.get('/health', options, async () => {
    const { model, pack } = slots.of().choose();
    return {
      status: life.stopping ? 'stopping' : 'ok',
      model: model.name,
      model_version: model.version.version,
      digest: model.version.digest,
      data_version: pack?.manifest.data_version ?? null,
      last_time: pack?.manifest.last_time ?? null,
      models: states(),
    };
  });

  const states = () => Object.fromEntries(slots.all.map((slot) => [slot.name, stateOf(slot, now())]));
};

/** Ages in seconds; null where there is nothing yet. Why a source fails is for admins and the log: it may name what is inside. */
function stateOf({ current, following }: Slot, now: Date) {
  if (!current) return null;
  const { model, pack } = current;
  const age = (time: string) => Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
  return {
    model_version: model.version.version,
    digest: model.version.digest,
    trained_until: model.version.train_end,
    bundle_age_seconds: age(model.version.registered_at),
    data_version: pack?.manifest.data_version ?? null,
    last_time: pack?.manifest.last_time ?? null,
    data_age_seconds: pack ? age(pack.manifest.last_time) : null,
    pack_age_seconds: pack ? age(pack.manifest.published_at) : null,
    followed: following && {
      last_success: following.lastSuccess?.toISOString() ?? null,
      failing_since: following.failing?.since.toISOString() ?? null,
    },
  };
}
