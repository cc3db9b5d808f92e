import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** Longer ones are none of ours, and would only cost time. */
const LONGEST = 512;

/** SHA-256 (hex) of the key in `Authorization: Bearer …`; null where there is none. */
export function keyHashOf(request: Pick<FastifyRequest, 'headers'>): string | null {
  const [, key] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined || key.length > LONGEST) return null;
  return createHash('sha256').update(key).digest('hex');
}

/** Whether a request brings one of the keys. All are compared, each in constant time: how long it takes tells nothing.
 *  @param known SHA-256 (hex) of the keys */
export function bringsKey(request: Pick<FastifyRequest, 'headers'>, known: readonly string[]): boolean {
  const hash = keyHashOf(request);
  if (hash === null) return false;
  const given = Buffer.from(hash, 'hex');
  let found = false;
  for (const one of known) found = timingSafeEqual(given, Buffer.from(one, 'hex')) || found;
  return found;
}
