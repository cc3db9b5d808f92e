import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { bringsKey } from '../guards/api-keys.ts';
import type { Parts } from '../parts.ts';
import { pin, rollBack, unpin } from '../predictor/by-hand.ts';
import type { Edition } from '../predictor/edition.ts';
import type { Follower } from '../predictor/follow.ts';
import { ProblemError } from '../problem.ts';
import { parsed } from './parsed.ts';

/** Of the history that is shown. */
const SHOWN_SWAPS = 50;

const Why = z.strictObject({ why: z.string().trim().min(1).max(500).default('no reason given') });
const Pin = z.strictObject({ version: z.string().regex(/^v\d{4,10}$/, 'expected a version such as v0003') });
const Digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hexadecimal');

/** `/admin/models/{model}`: what is served, on trial and refused, and what a person may do about it. With a key only. */
export const adminRoute: FastifyPluginAsync<Parts> = async (app, { settings, slots, followers }) => {
  // Before its body is read: who has no key learns nothing, not even which models there are. By then the request is counted, and the
  // rate limit has seen it: keys cannot be guessed at will.
  app.addHook('preParsing', async (request, reply) => {
    if (settings.adminKeys.length === 0)
      throw new ProblemError('admin-off', {
        status: 404,
        title: 'There is nothing here',
        detail: 'admin calls are off: no key is set',
      });
    if (bringsKey(request, settings.adminKeys)) return;
    reply.header('www-authenticate', 'Bearer');
    throw new ProblemError('key', {
      status: 401,
      title: 'A key is needed',
      detail: 'send one of the admin keys as Authorization: Bearer …',
    });
  });

  const followerOf = (name: string): Follower => {
    slots.of(name);
    const found = followers?.get(name);
    if (found) return found;
    throw new ProblemError('not-followed', {
      status: 409,
      title: 'Not followed',
      detail: `${name} never changes`,
    });
  };
  type OfModel = { Params: { model: string } };

  app.get<OfModel>('/models/:model', async ({ params }) => stateOf(followerOf(params.model)));

  app.post<OfModel>('/models/:model/rollback', async ({ params, body }) => {
    const follower = followerOf(params.model);
    await rollBack(follower, parsed(Why, body === undefined ? {} : body).why);
    return stateOf(follower);
  });

  app.post<OfModel>('/models/:model/pin', async ({ params, body }) => {
    const follower = followerOf(params.model);
    await pin(follower, parsed(Pin, body === undefined ? {} : body).version);
    return stateOf(follower);
  });

  app.post<OfModel>('/models/:model/unpin', async ({ params }) => {
    const follower = followerOf(params.model);
    await unpin(follower);
    return stateOf(follower);
  });

  app.post<OfModel>('/models/:model/follow-now', async ({ params }) => {
    const follower = followerOf(params.model);
    const { ok, said } = await follower.look();
    return { ok, said, ...stateOf(follower) };
  });

  app.delete<{ Params: { model: string; digest: string } }>(
    '/models/:model/refused/:digest',
    async ({ params }) => {
      const follower = followerOf(params.model);
      const digest = parsed(Digest, params.digest);
      if (!(await follower.options.state.lift(params.model, digest)))
        throw new ProblemError('not-refused', {
          status: 404,
          title: 'Not refused',
          detail: 'no bundle with this digest was refused',
        });
      return stateOf(follower);
    },
  );
};

function stateOf(follower: Follower) {
  const { slot, swaps, state } = follower.options;
  const { trial } = swaps;
  return {
    model: slot.name,
    current: slot.current && served(slot.current),
    trial: trial && {
      kind: trial.kind,
      ...served(trial.challenger),
      began: trial.began.toISOString(),
      ...trial.progress,
    },
    previous: trial?.champion.model.version.version ?? state.previous(slot.name)?.version ?? null,
    pinned: follower.pinned,
    followed: slot.following && {
      source: slot.following.where,
      last_success: slot.following.lastSuccess?.toISOString() ?? null,
      failing: slot.following.failing && {
        since: slot.following.failing.since.toISOString(),
        reason: slot.following.failing.reason,
      },
    },
    refused: state.refused(slot.name),
    history: state.swaps(slot.name).slice(-SHOWN_SWAPS).reverse(),
  };
}

function served({ model, pack }: Edition) {
  const { version, digest, candidate } = model.version;
  return { version, digest, candidate, data_version: pack?.manifest.data_version ?? null };
}
