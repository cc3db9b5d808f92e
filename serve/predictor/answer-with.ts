import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canaryKey } from './canary-share.ts';
import type { Edition } from './edition.ts';
import type { Again, Slot } from './slots.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What answers this request; null for a route that asks no model. */
    edition: Edition | null;
    slot: Slot | null;
    /** How to ask another edition the same; set by routes whose answers can be compared. */
    again: Again | null;
  }
}

/** The edition that answers a request, which keeps it to its end; the answer says which one it was. */
export function answerWith(slot: Slot, request: FastifyRequest, reply: FastifyReply): Edition {
  const edition = slot.choose(() => canaryKey(request));
  request.edition = edition;
  request.slot = slot;
  reply.headers(edition.headers);
  return edition;
}

/** Lets trials see how each answer went, after it was sent. */
export function observeAnswers(app: FastifyInstance): void {
  app.decorateRequest('edition', null);
  app.decorateRequest('slot', null);
  app.decorateRequest('again', null);
  app.addHook('onResponse', (request, reply, done) => {
    observeAnswer(request, reply);
    done();
  });
}

/** For who has a hook already. */
export function observeAnswer(request: FastifyRequest, reply: FastifyReply): void {
  const { edition, slot } = request;
  const watcher = slot?.watcher;
  if (!edition || !watcher) return;
  const route = request.routeOptions.url ?? '';
  watcher.observe(edition, { route, ms: reply.elapsedTime, failed: reply.statusCode >= 500 });
  if (request.again) watcher.again(request.again, route);
}
