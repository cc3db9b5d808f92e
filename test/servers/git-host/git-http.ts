import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { actorOf } from './actors.ts';
import { Refusal } from './call.ts';
import { type Actor, loginOf, type Repository, type State } from './state.ts';

export interface GitHttp {
  state: State;
  /** Where the hook asks, with the number of the push. */
  ask: string;
  pushes: Map<string, { repository: Repository; actor: Actor }>;
  pushed(actor: Actor): Promise<void>;
  seen(request: { method: string; path: string; status: number; who: string | null }): void;
}

const LIMIT_MS = 120_000;

/** Git's smart protocol by the real `git http-backend`. Answers false where the path is no repository's. */
export async function answerGit(
  git: GitHttp,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://host');
  const [, owner, name, rest] =
    /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/(?:info\/refs|git-(?:upload|receive)-pack))$/.exec(url.pathname) ?? [];
  const repository = owner ? git.state.repositoryOf(`${owner}/${name}`) : null;
  if (!repository) return false;
  const writes = rest.endsWith('receive-pack') || url.searchParams.get('service') === 'git-receive-pack';
  let who: string | null = null;
  const answered = (status: number) =>
    git.seen({ method: request.method ?? 'GET', path: url.pathname + url.search, status, who });
  try {
    const actor = actorOf(git.state, request.headers.authorization);
    who = loginOf(actor);
    allow(git.state, repository, actor, writes);
    const status = await run(git, { repository, actor, url, rest }, request, response);
    answered(status);
    // The answer ends after the refs were looked at again: who pushed finds the pull request moved.
    if (rest.endsWith('receive-pack') && status === 200) await git.pushed(actor);
    response.end();
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 500;
    answered(status);
    request.resume();
    if (!response.headersSent) {
      response.writeHead(status, {
        'content-type': 'text/plain',
        ...(status === 401 && { 'www-authenticate': 'Basic realm="GitHub"' }),
      });
    }
    response.end(error instanceof Refusal ? error.message : 'failed');
  }
  return true;
}

function allow(state: State, repository: Repository, actor: Actor, writes: boolean): void {
  if (!writes && !repository.private) return;
  if (actor.kind === 'nobody') throw new Refusal(401, 'Authentication required');
  if (actor.kind === 'app') throw new Refusal(401, 'Bad credentials');
  const level = levelOf(state, repository, actor);
  if (level === 'none') throw new Refusal(404, 'Repository not found.');
  if (writes && level !== 'write')
    throw new Refusal(
      403,
      `Permission to ${repository.owner}/${repository.name}.git denied to ${loginOf(actor)}.`,
    );
}

function levelOf(
  state: State,
  repository: Repository,
  actor: Exclude<Actor, { kind: 'nobody' | 'app' }>,
): 'none' | 'read' | 'write' {
  if (actor.kind === 'installation') {
    if (repository !== state.repository) return repository.private ? 'none' : 'read';
    return actor.rights.contents === 'write'
      ? 'write'
      : actor.rights.contents === 'read' || !repository.private
        ? 'read'
        : 'none';
  }
  if (repository !== state.repository) return actor.login === repository.owner ? 'write' : 'read';
  const role = state.roles.get(actor.login) ?? 'none';
  if (['admin', 'maintain', 'write'].includes(role)) return 'write';
  return role === 'none' && repository.private ? 'none' : 'read';
}

interface Wanted {
  repository: Repository;
  actor: Actor;
  url: URL;
  rest: string;
}

/** CGI: headers and body as the program writes them. Answers its status. */
function run(
  git: GitHttp,
  { repository, actor, url, rest }: Wanted,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const push = `push-${git.state.nextId()}`;
  git.pushes.set(push, { repository, actor });
  const folder = repository.bare.folder;
  const encoding = request.headers['content-encoding'];
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: dirname(folder),
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      PATH_INFO: `/${folder.split('/').pop()}${rest}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_USER: loginOf(actor) ?? '',
      // Where there are no rules the push asks nobody, and starts no process for it.
      ...(git.state.rulesets.length > 0 && { GIT_HOST_ASK: git.ask }),
      GIT_HOST_PUSH: push,
      ...(encoding && { HTTP_CONTENT_ENCODING: String(encoding) }),
      ...(request.headers['content-length'] && { CONTENT_LENGTH: request.headers['content-length'] }),
      ...(request.headers['git-protocol'] && { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
    },
    timeout: LIMIT_MS,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  response.on('error', () => {});
  request.pipe(child.stdin);
  child.stdin.on('error', () => {});
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    let status = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      if (status !== 0) return void response.write(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const headers = head
        .subarray(0, end)
        .toString('latin1')
        .split('\r\n')
        .map((line) => line.split(/: */, 2));
      status = Number(headers.find(([key]) => key.toLowerCase() === 'status')?.[1].slice(0, 3) ?? 200);
      response.writeHead(
        status,
        Object.fromEntries(headers.filter(([key]) => key.toLowerCase() !== 'status')),
      );
      response.write(head.subarray(end + 4));
    });
    child.on('error', reject);
    child.on('close', () => {
      git.pushes.delete(push);
      if (status === 0) return reject(new Error('git http-backend said nothing'));
      resolve(status);
    });
  });
}
