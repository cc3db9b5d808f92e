import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { MlflowHome } from '../../contracts/homes.ts';
import { basicAuth } from '../home-secrets.ts';
import type { Asked } from './asked.ts';
import { toJson } from './json.ts';

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export class AnswerTooLarge extends Error {}

const CONNECT_MS = 10_000;
/** Servers close an idle connection after 2 to 5 s; a request sent into that moment would be left with no answer. */
const KEEP_ALIVE_MS = 1_500;
export const LANES = 4;
/** A server that drips bytes never reaches the time-out between two of them. */
const OVERALL_FACTOR = 2;
const FILE_FACTOR = 20;
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** Sends one request once, over pooled connections. */
export function wireTo(home: MlflowHome, env: Record<string, string | undefined>) {
  const dispatcher = dispatcherFor(home, env);
  const authorization = authorizationOf(home);
  return {
    /** @param signal ends it at once. @throws what undici throws, AnswerTooLarge, or a TimeoutError */
    async send(asked: Asked, signal: AbortSignal): Promise<Reply> {
      const overallMs = home.timeoutMs * (asked.file ? FILE_FACTOR : OVERALL_FACTOR);
      const deadline = AbortSignal.timeout(overallMs);
      const { statusCode, headers, body } = await request(urlOf(home, asked), {
        dispatcher,
        method: asked.method,
        signal: AbortSignal.any([signal, deadline]),
        headers: {
          accept: asked.file ? '*/*' : 'application/json',
          'user-agent': 'perennial',
          ...(authorization && { authorization }),
          ...(asked.json !== undefined && { 'content-type': 'application/json' }),
          ...(asked.bytes && { 'content-type': 'application/octet-stream' }),
        },
        body: asked.bytes ?? (asked.json === undefined ? undefined : toJson(asked.json)),
      });
      return { status: statusCode, headers: flat(headers), body: await whole(body, asked) };
    },
    close: () => dispatcher.destroy(),
  };
}

function dispatcherFor(home: MlflowHome, env: Record<string, string | undefined>): Dispatcher {
  const tls = home.insecureTls ? { rejectUnauthorized: false } : {};
  const limits = {
    connect: { timeout: Math.min(CONNECT_MS, home.timeoutMs), ...tls },
    headersTimeout: home.timeoutMs,
    bodyTimeout: home.timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connections: LANES,
  };
  const httpProxy = env.http_proxy ?? env.HTTP_PROXY;
  const httpsProxy = env.https_proxy ?? env.HTTPS_PROXY;
  if (!httpProxy && !httpsProxy) return new Agent(limits);
  const noProxy = [env.no_proxy ?? env.NO_PROXY, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(',');
  return new EnvHttpProxyAgent({ ...limits, httpProxy, httpsProxy, noProxy, requestTls: tls });
}

function authorizationOf({ username, password, token }: MlflowHome): string | undefined {
  if (token) return `Bearer ${token}`;
  if (username === undefined && password === undefined) return undefined;
  return `Basic ${basicAuth(username, password)}`;
}

function urlOf(home: MlflowHome, { path, query = {} }: Asked): string {
  const told = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const search = new URLSearchParams(told).toString();
  return `${home.url.replace(/\/+$/, '')}${path}${search && `?${search}`}`;
}

async function whole(body: Dispatcher.ResponseData['body'], asked: Asked): Promise<Buffer> {
  const limit = asked.maxBytes ?? MAX_JSON_BYTES;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop destroys the body, and the connection with it.
    if (bytes > limit) throw new AnswerTooLarge(`more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
