import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Edition } from './predictor/edition.ts';
import type { ReadyText } from './predictor/ready-text.ts';

/** Sends JSON that lies ready, past Fastify's own way for answers of any kind, with their hooks and serializers: that takes as long as
 *  the answer itself.
 *  @param answer.last whether the connection ends with it */
export function sendReady(
  request: FastifyRequest,
  reply: FastifyReply,
  { ready, edition, last }: { ready: ReadyText; edition: Edition; last: boolean },
): void {
  reply.hijack();
  const { headers } = edition;
  const lines: Record<string, string | number> = {
    'x-request-id': request.id,
    'x-model-version': headers['x-model-version'],
    'x-data-version': headers['x-data-version'],
    'content-type': 'application/json; charset=utf-8',
    'content-length': ready.length,
  };
  if (last) lines.connection = 'close';
  reply.raw.writeHead(200, lines);
  reply.raw.end(ready.text, ready.encoding);
}
