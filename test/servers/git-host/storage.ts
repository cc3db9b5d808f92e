import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { State } from './state.ts';

const KEY = randomBytes(32);

/** Signature of the address of an artifact's bytes, good until a time (ms since 1970). */
export function sign(artifact: number, until: number): string {
  return createHmac('sha256', KEY).update(`${artifact} ${until}`).digest('hex');
}

/** The store behind a download's signed address. As Azure's it refuses a request that brings a token too. */
export function answerStorage(state: State, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://host');
  const id = Number(url.pathname.split('/').pop());
  const until = Number(url.searchParams.get('until'));
  const artifact = state.artifacts.find((one) => one.id === id);
  if (request.headers.authorization !== undefined) {
    response
      .writeHead(400, { 'content-type': 'application/xml' })
      .end('<Error><Code>InvalidAuthenticationInfo</Code></Error>');
  } else if (url.searchParams.get('sig') !== sign(id, until) || until < state.clock()) {
    response
      .writeHead(403, { 'content-type': 'application/xml' })
      .end('<Error><Code>AuthenticationFailed</Code></Error>');
  } else if (!artifact) {
    response.writeHead(404).end();
  } else {
    response.writeHead(200, { 'content-type': 'application/zip', 'content-length': artifact.zip.length });
    response.end(request.method === 'HEAD' ? undefined : artifact.zip);
  }
}
