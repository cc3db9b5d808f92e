import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { State } from './state.ts';

const KEY = randomBytes(32);

/** Signature of the address of an artifact's bytes, good until a time (ms since 1970). */
export function sign(artifact: number, until: number): string {
  return createHmac('sha256', KEY).update(`${artifact} ${until}`).digest('hex');
}

/** Address on this host of bytes, good for five minutes. */
export function signedPath(id: number, now: number): string {
  const until = now + 300_000;
  return `/_storage/${id}?until=${until}&sig=${sign(id, until)}`;
}

/** The store behind a download's signed address. As Azure's it refuses a request that brings a token too. */
export function answerStorage(state: State, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://host');
  const id = Number(url.pathname.split('/').pop());
  const until = Number(url.searchParams.get('until'));
  const asset = state.releases.flatMap(({ assets }) => assets).find((one) => one.id === id);
  const bytes = state.artifacts.find((one) => one.id === id)?.zip ?? asset?.bytes;
  if (request.headers.authorization !== undefined) {
    response
      .writeHead(400, { 'content-type': 'application/xml' })
      .end('<Error><Code>InvalidAuthenticationInfo</Code></Error>');
  } else if (url.searchParams.get('sig') !== sign(id, until) || until < state.clock()) {
    response
      .writeHead(403, { 'content-type': 'application/xml' })
      .end('<Error><Code>AuthenticationFailed</Code></Error>');
  } else if (!bytes) {
    response.writeHead(404).end();
  } else {
    const type = asset ? 'application/octet-stream' : 'application/zip';
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }
}
