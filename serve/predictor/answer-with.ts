import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canaryKey } from './canary-share.ts';
import type { Edition } from './edition.ts';
import type { Again, Outcome, Slot } from './slots.ts';

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
export function answerWith(slot: Slot, request: FastifyRequest): Edition {
  const edition = slot.choose(() => canaryKey(request));
  request.edition = edition;
  request.slot = slot;
  return edition;
}

/** What `answerWith` needs of each request. */
export function keepEditions(app: FastifyInstance): void {
  app.decorateRequest('edition', null);
  app.decorateRequest('slot', null);
  app.decorateRequest('again', null);
}

/** Lets trials see how an answer went, after it was sent. */
export function observeAnswer(request: FastifyRequest, outcome: Outcome): void {
  const { edition, slot } = request;
  const watcher = slot?.watcher;
  if (!edition || !watcher) return;
  watcher.observe(edition, outcome);
  if (request.again) watcher.again(request.again, outcome.route);
}
