import type { FastifyRequest } from 'fastify';
import { keyHashOf } from '../guards/api-keys.ts';

/** Whether a key belongs to a share: always the same answer for the same key, and other keys for the next canary.
 *  @param options.share 0…1
 *  @param options.salt of this canary */
export function isInShare(key: string, { share, salt }: { share: number; salt: string }): boolean {
  return hash32(`${salt} ${key}`) < share * 2 ** 32;
}

/** Who asks: what the client calls itself for this purpose, else its API key, else its address. */
export function canaryKey(request: Pick<FastifyRequest, 'headers' | 'ip'>): string {
  const given = request.headers['x-canary-key'];
  if (typeof given === 'string' && given !== '') return given.slice(0, 200);
  return keyHashOf(request) ?? request.ip;
}

/** FNV-1a with the last mixing of MurmurHash3 (public domain, A. Appleby): short texts that differ in a letter land far apart. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
