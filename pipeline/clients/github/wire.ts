import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch } from 'undici';
import type { GithubHome } from '../../contracts/github.ts';

export class AnswerTooLarge extends Error {}

/** Hosts close an idle connection; a request sent into that moment would be left with no answer. */
const KEEP_ALIVE_MS = 1_500;
const CONNECT_MS = 10_000;
const MAX_JSON_BYTES = 32 * 1024 * 1024;
/** A file may take longer than an answer. */
const FILE_FACTOR = 10;

export interface Wire {
  /** In the shape that Octokit expects: one attempt, its body read whole. */
  fetch(url: string, init: Parameters<typeof fetch>[1]): Promise<Response>;
  /** A file of an address that was signed for us: without our credentials, for it is another host's.
   *  @throws AnswerTooLarge */
  file(url: string, options: { maxBytes: number }): Promise<{ status: number; body: Uint8Array }>;
  attempts(): number;
}

/** @param signal ends every request at once */
export function wireTo(
  { timeoutMs }: GithubHome,
  { signal, env }: { signal?: AbortSignal; env: NodeJS.ProcessEnv },
): Wire {
  const dispatcher = dispatcherFor(timeoutMs, env);
  let attempts = 0;
  const until = (limitMs: number) => {
    const deadline = AbortSignal.timeout(limitMs);
    return signal ? AbortSignal.any([signal, deadline]) : deadline;
  };
  return {
    attempts: () => attempts,
    async fetch(url, init) {
      attempts += 1;
      const reply = await fetch(url, { ...init, dispatcher, signal: until(timeoutMs) });
      const body = await whole(reply.body, MAX_JSON_BYTES);
      const headers = Object.fromEntries(reply.headers);
      const empty = reply.status === 204 || reply.status === 205 || reply.status === 304;
      return new Response(empty ? null : body, { status: reply.status, headers });
    },
    async file(url, { maxBytes }) {
      attempts += 1;
      const reply = await fetch(url, { dispatcher, signal: until(timeoutMs * FILE_FACTOR) });
      const announced = Number(reply.headers.get('content-length') ?? 0);
      if (reply.status === 200 && announced > maxBytes) {
        await reply.body?.cancel();
        throw tooLarge(maxBytes);
      }
      return { status: reply.status, body: await whole(reply.body, maxBytes) };
    },
  };
}

function dispatcherFor(timeoutMs: number, env: NodeJS.ProcessEnv): Dispatcher {
  const limits = {
    connect: { timeout: Math.min(CONNECT_MS, timeoutMs) },
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  };
  const httpProxy = env.http_proxy ?? env.HTTP_PROXY;
  const httpsProxy = env.https_proxy ?? env.HTTPS_PROXY;
  if (!httpProxy && !httpsProxy) return new Agent(limits);
  const noProxy = [env.no_proxy ?? env.NO_PROXY, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(',');
  return new EnvHttpProxyAgent({ ...limits, httpProxy, httpsProxy, noProxy });
}

async function whole(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Leaving the loop ends the body, and the connection with it.
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLarge = (maxBytes: number) => new AnswerTooLarge(`the answer has more than ${maxBytes} bytes`);
