import { createPrivateKey, createSign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GitHost } from './git-host.ts';

let host: GitHost;
let folder: string;
let robot: string;
beforeEach(async () => {
  host = await GitHost.start();
  folder = await mkdtemp(join(tmpdir(), 'perennial-clone-'));
  robot = await tokenOfApp();
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await host.stop();
});

const REPO = '/repos/acme/perennial';

async function ask(method: string, path: string, options: { token?: string; body?: unknown } = {}) {
  const answer = await request(host.apiUrl + path, {
    method: method as 'GET',
    headers: {
      'user-agent': 'test',
      ...(options.token && { authorization: `token ${options.token}` }),
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    headersTimeout: 30_000,
  });
  const text = await answer.body.text();
  // biome-ignore lint/suspicious/noExplicitAny: whatever GitHub answers
  let body: any = text;
  if (String(answer.headers['content-type']).includes('json')) body = JSON.parse(text);
  return { status: answer.statusCode, headers: answer.headers as Record<string, string>, body };
}

function jwt(claims: Record<string, unknown> = {}, key = host.app.privateKey): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 60, exp: now + 300, iss: host.app.id, ...claims })}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(createPrivateKey(key)).toString('base64url')}`;
}

async function tokenOfApp(body?: unknown): Promise<string> {
  const path = `/app/installations/${host.app.installation}/access_tokens`;
  const answer = await ask('POST', path, { token: jwt(), body });
  expect(answer.status).toBe(201);
  return answer.body.token;
}

const git = (...args: string[]) =>
  execa('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost', ...args], {
    cwd: folder,
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' },
    reject: false,
    timeout: 60_000,
  });

/** A clone with one commit on master, and a branch with one more. */
async function story(token = robot): Promise<{ base: string; head: string }> {
  await git('clone', '-q', host.originFor(token), '.');
  await commit('README.md', 'one');
  await git('push', '-q', 'origin', 'HEAD:master');
  await git('checkout', '-q', '-b', 'feature/lstm');
  await commit('model.ts', 'two');
  await git('push', '-q', 'origin', 'feature/lstm');
  const [base, head] = await Promise.all(
    ['HEAD~1', 'HEAD'].map(async (name) => (await git('rev-parse', name)).stdout),
  );
  return { base, head };
}

async function commit(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  await git('add', '.');
  await git('commit', '-qm', `add ${name}`);
  return (await git('rev-parse', 'HEAD')).stdout;
}

const openPull = async (token = robot) =>
  ask('POST', `${REPO}/pulls`, {
    token,
    body: { title: 'LSTM', head: 'feature/lstm', base: 'master', body: 'why' },
  });

it('clones, pushes and opens a pull request that follows its branch', async () => {
  const { head } = await story();
  const opened = await openPull();
  expect(opened.status).toBe(201);
  expect(opened.body).toMatchObject({
    number: 1,
    head: { sha: head },
    user: { login: 'perennial-acme[bot]', type: 'Bot' },
  });
  const again = await openPull();
  expect(again.status).toBe(422);
  expect(again.body.errors[0].message).toBe('A pull request already exists for acme:feature/lstm.');
  const next = await commit('model.ts', 'three');
  await git('push', '-q', 'origin', 'feature/lstm');
  const found = await ask('GET', `${REPO}/pulls?state=open&head=acme:feature/lstm`, { token: robot });
  expect(found.body.map((one: { head: { sha: string } }) => one.head.sha)).toEqual([next]);
  await git('fetch', '-q', 'origin', 'refs/pull/1/head');
  expect((await git('rev-parse', 'FETCH_HEAD')).stdout).toBe(next);
  expect(host.events.map((one) => [one.name, one.payload.action])).toContainEqual([
    'pull_request',
    'synchronize',
  ]);
});
