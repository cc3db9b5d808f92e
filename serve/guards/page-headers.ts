import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** `reply.helmet()` for the routes of one plugin: headers that bind browsers. Only pages call it: to programs they say nothing, and
 *  would cost as much as an answer.
 *  @param directives of the content security policy, beside those that forbid what no page here does */
export async function guardPages(app: FastifyInstance, directives: Record<string, string[]>): Promise<void> {
  await app.register(helmet, {
    global: false,
    contentSecurityPolicy: { useDefaults: false, directives: { ...NOTHING, ...directives } },
    xFrameOptions: { action: 'deny' },
    // Whoever ends TLS before the service decides that for the whole host.
    strictTransportSecurity: false,
  });
}

const NOTHING = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};
