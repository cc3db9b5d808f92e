import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GitHttp } from './git-http.ts';
import { pushViolations, type Update } from './rules.ts';

export interface Inside {
  git: GitHttp;
  upload(artifact: { run: number; name: string; zip: Uint8Array }): number;
}

/** Addresses that GitHub has otherwise: the question of the push hook, and artifacts as the stub actions of tests give
 *  and take them: `PUT` and `GET /_runs/<run>/artifacts/<name>` (zip), `GET /_runs/<run>/artifacts` (names). */
export async function answerInside(
  inside: Inside,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://host').pathname;
  const body = await bytesOf(request);
  if (path === '/_hooks/pre-receive') return answerHook(inside.git, body.toString('utf8'), response);
  const [, run, name] = /^\/_runs\/(\d+)\/artifacts(?:\/([^/]+))?$/.exec(path) ?? [];
  if (run === undefined) return void response.writeHead(404).end();
  const artifacts = inside.git.state.artifacts.filter((one) => one.run === Number(run));
  if (name === undefined)
    return void response.writeHead(200).end(JSON.stringify(artifacts.map((one) => one.name)));
  const wanted = decodeURIComponent(name);
  if (request.method === 'PUT') {
    const id = inside.upload({ run: Number(run), name: wanted, zip: body });
    return void response.writeHead(201).end(JSON.stringify({ id }));
  }
  const found = artifacts.filter((one) => one.name === wanted).pop();
  if (!found) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'application/zip' }).end(found.zip);
}

function answerHook({ state, pushes }: GitHttp, text: string, response: ServerResponse): void {
  const { push, updates } = JSON.parse(text) as { push: string; updates: Update[] };
  const known = pushes.get(push);
  const refused = !known
    ? ['no such push']
    : known.repository === state.repository
      ? pushViolations(state, known.actor, updates)
      : [];
  response.writeHead(refused.length > 0 ? 409 : 204).end(refused.length > 0 ? refused.join('\n') : undefined);
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
