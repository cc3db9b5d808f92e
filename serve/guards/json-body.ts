import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problem.ts';
import { type JsonLimits, refused, scanJson } from './json-scan.ts';

/** No request of ours is nested deeper than a few levels. */
export const JSON_LIMITS: JsonLimits = { maxDepth: 32 };

/** Bodies are JSON in UTF-8 and nothing else; every other kind is refused with 415, a longer one than the limit with 413. */
export function registerJsonBody(app: FastifyInstance, limits: JsonLimits = JSON_LIMITS): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseJson(textOf(body as Buffer, request.headers), limits));
    } catch (error) {
      done(error as Error);
    }
  });
  refuseOthers(app);
}

/** Bodies of every kind that has no parser. */
export function refuseOthers(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, _body, done) =>
    done(unsupported('the body must be JSON, sent with content-type: application/json')),
  );
}

/** A body as a value; what is not JSON, or only looks like it, is a problem with its place.
 *  @throws ProblemError 400 */
export function parseJson(text: string, limits: JsonLimits = JSON_LIMITS): unknown {
  for (const _ of scanJson(text, limits));
  return parsePart(text, 0, text.length);
}

/** @param from offset of a whole value, up to `to`
 *  @throws ProblemError 400 */
export function parsePart(text: string, from: number, to: number): unknown {
  try {
    return JSON.parse(text.slice(from, to));
  } catch {
    // The parser's own words would hand parts of the body back.
    throw refused(from, 'from here on a number or a text is not as JSON writes it');
  }
}

/** What the bytes say, where they are what the client says of them.
 *  @throws ProblemError 415 for another encoding than the one of JSON; 400 where the bytes are not UTF-8 */
export function textOf(
  bytes: Buffer,
  headers: { 'content-type'?: string; 'content-encoding'?: string },
): string {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1].toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    throw unsupported('the body must be UTF-8, as JSON is');
  const coding = headers['content-encoding']?.trim().toLowerCase();
  if (coding && coding !== 'identity') throw unsupported('the body must not be compressed');
  if (bytes.length === 0) throw refused(0, 'it is empty');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw refused(0, 'it begins with a byte order mark, which JSON has not');
  if (!isUtf8(bytes)) throw refused(0, 'it is not UTF-8');
  return bytes.toString('utf8');
}

const unsupported = (detail: string) =>
  new ProblemError('media-type', { status: 415, title: 'Unsupported kind of body', detail });
