import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { actorOf, checkRights } from './actors.ts';
import { type Answer, type Call, type Links, Refusal, type Routes } from './call.ts';
import { answerFaults, requestFaults } from './checked.ts';
import { operation } from './description.ts';
import { answerOf, type Faults } from './faults.ts';
import { fill } from './fill.ts';
import { isGithubPath, routeFor } from './router.ts';
import { type Actor, loginOf, type State } from './state.ts';

/** One request as the host saw it. */
export interface Seen {
  method: string;
  /** Below the API's address, with its query. */
  path: string;
  /** 0: no answer went back. */
  status: number;
  /** Login, the App's slug where it acts as itself, or null. */
  who: string | null;
  at: number;
}

export interface Api {
  state: State;
  routes: Routes;
  keys: readonly string[];
  links: Links;
  faults: Faults;
  requests: Seen[];
  violations: string[];
  emit(actor: Actor, ...event: Parameters<Call['emit']>): void;
  refsMoved(actor: Actor): Promise<void>;
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  body?: unknown;
}

const DOCUMENTATION = 'https://docs.github.com/rest';

/** Answers one request to the REST API. @param path below the API's address, with its query */
export async function answerApi(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const method = request.method ?? 'GET';
  const seen: Seen = { method, path, status: 0, who: null, at: Date.now() };
  api.requests.push(seen);
  const sent = await bodyOf(request);
  const url = new URL(path, 'http://host');
  const faults = api.faults.of(method, url.pathname);
  for (const { slowMs } of faults) if (slowMs) await sleep(slowMs, undefined, { ref: false });
  if (faults.some(({ cut }) => cut === 'before')) return cutOff(request);
  const wrong = faults.map((fault) => answerOf(fault, api.state.clock())).find((one) => one !== null);
  const reply = wrong ?? (await replyTo(api, seen, request, url, sent));
  if (faults.some(({ cut }) => cut === 'after')) return cutOff(request);
  seen.status = reply.status;
  send(response, reply);
}

async function replyTo(
  api: Api,
  seen: Seen,
  request: IncomingMessage,
  url: URL,
  sent: Buffer,
): Promise<Reply> {
  try {
    return await routed(api, seen, request, url, sent);
  } catch (error) {
    const refusal =
      error instanceof Refusal ? error : new Refusal(500, `the stand-in failed: ${String(error)}`);
    if (!(error instanceof Refusal)) {
      api.violations.push(
        `${seen.method} ${seen.path}: the stand-in failed: ${(error as Error)?.stack ?? error}`,
      );
    }
    const { errors, headers = {} } = refusal.more;
    const body = {
      message: refusal.message,
      ...(errors && { errors }),
      documentation_url: DOCUMENTATION,
      status: String(refusal.status),
    };
    return { status: refusal.status, headers: { ...rateHeaders(api), ...headers }, body };
  }
}

async function routed(
  api: Api,
  seen: Seen,
  request: IncomingMessage,
  url: URL,
  sent: Buffer,
): Promise<Reply> {
  const { state } = api;
  if (!request.headers['user-agent']) {
    throw new Refusal(
      403,
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header',
    );
  }
  const actor = actorOf(state, request.headers.authorization);
  seen.who = actor.kind === 'app' ? actor.app.slug : loginOf(actor);
  const found = routeFor(api.keys, seen.method, url.pathname);
  if (!found) throw notHere(api, seen, url.pathname);
  const query: Record<string, unknown> = Object.fromEntries(url.searchParams);
  // A file, as it is; its operation is described without a JSON body.
  const isFile = request.url?.startsWith('/api/uploads/');
  const body = isFile ? sent : parsed(sent.toString('utf8'));
  const faults = requestFaults(found.key, query, body instanceof Buffer ? undefined : body);
  if (faults.length > 0) {
    api.violations.push(...faults.map((fault) => `${seen.method} ${seen.path}: ${fault}`));
    throw new Refusal(422, `Validation Failed: ${faults.join('; ')}`, {
      errors: faults.map((message) => ({ message, code: 'invalid' })),
    });
  }
  inThisRepository(state, found.values);
  const route = api.routes[found.key];
  checkRights(state, actor, route.needs);
  const call: Call = {
    state,
    actor,
    path: found.values,
    query,
    body,
    accept: request.headers.accept ?? '',
    links: api.links,
    emit: (...event) => api.emit(actor, ...event),
    refsMoved: () => api.refsMoved(actor),
  };
  const answer = await route.answer(call);
  const reply = 'list' in answer ? page(api, answer, url, query) : { headers: {}, ...answer };
  return finished(api, seen, found.key, reply);
}

/** The answer in GitHub's whole shape, and checked against it. */
function finished(api: Api, seen: Seen, key: string, reply: Reply): Reply {
  const schema = operation(key)?.answers.get(reply.status);
  const body = schema && reply.body !== undefined ? fill(schema, reply.body) : reply.body;
  const faults = answerFaults(key, reply.status, body);
  if (faults.length > 0) {
    api.violations.push(
      ...faults.map((fault) => `the stand-in's answer to ${seen.method} ${seen.path}: ${fault}`),
    );
    throw new Refusal(500, `the stand-in's answer is not GitHub's: ${faults.join('; ')}`);
  }
  return { status: reply.status, headers: { ...rateHeaders(api), ...reply.headers }, body };
}

function notHere(api: Api, seen: Seen, path: string): Refusal {
  const there = isGithubPath(path);
  const what = there ? 'is not built in the stand-in yet' : 'is no endpoint of GitHub';
  api.violations.push(`${seen.method} ${seen.path} ${what}`);
  return new Refusal(there ? 501 : 404, there ? `${seen.method} ${path} ${what}` : 'Not Found');
}

function inThisRepository(state: State, { owner, repo }: Record<string, string>): void {
  if (owner === undefined || repo === undefined) return;
  if (`${owner}/${repo}`.toLowerCase() !== state.fullName.toLowerCase()) throw new Refusal(404, 'Not Found');
}

function page(
  api: Api,
  answer: Extract<Answer, { list: unknown[] }>,
  url: URL,
  query: Record<string, unknown>,
): Reply {
  const size = Math.min(100, Math.max(1, (query.per_page as number) ?? 30));
  const at = Math.max(1, (query.page as number) ?? 1);
  const pages = Math.max(1, Math.ceil(answer.list.length / size));
  const items = answer.list.slice((at - 1) * size, at * size);
  const to = (n: number, rel: string) => {
    const address = new URL(`${api.links.api}${url.pathname}${url.search}`);
    address.searchParams.set('page', String(n));
    return `<${address}>; rel="${rel}"`;
  };
  const links = [
    ...(at > 1 ? [to(at - 1, 'prev')] : []),
    ...(at < pages ? [to(at + 1, 'next'), to(pages, 'last')] : []),
    ...(at > 1 ? [to(1, 'first')] : []),
  ];
  const body = answer.wrap ? answer.wrap(items, answer.list.length) : items;
  return { status: 200, headers: links.length > 0 ? { link: links.join(', ') } : {}, body };
}

function rateHeaders(api: Api): Record<string, string> {
  const used = api.requests.length;
  return {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': String(Math.max(0, 5000 - used)),
    'x-ratelimit-used': String(used),
    'x-ratelimit-reset': String(Math.ceil(api.state.clock() / 1000) + 3600),
    'x-ratelimit-resource': 'core',
    'x-github-media-type': 'github.v3; format=json',
  };
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Problems parsing JSON');
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function cutOff(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text);
}
