import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GithubHome } from '../../contracts/github.ts';
import { withoutSecrets } from '../../secrets.ts';
import type { Timing } from '../retry.ts';
import { githubAt } from './github-at.ts';
import { GithubError } from './github-error.ts';

/** Wire faults, answer by answer: what a whole host with a state does is in test/servers/git-host. */
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
let answers: Answer[] = [];
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
let waited: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body });
    (answers.shift() ?? json(500, { message: 'nothing more was expected' }))(request, response, body);
  });
});

const json =
  (status: number, data: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(data));
  };

const timing: Timing = {
  sleep: async (ms) => void waited.push(ms),
  random: () => 0.5,
  elapsed: () => performance.now(),
};

let address = '';
beforeEach(async () => {
  answers = [];
  seen = [];
  waited = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const APP = {
  kind: 'app',
  id: 12,
  privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  installation: 345,
} as const;
const TOKEN = { kind: 'token', token: 'ghs_geheimgeheim' } as const;

const client = (
  as: GithubHome['as'] = TOKEN,
  options: Parameters<typeof githubAt>[1] & { home?: Partial<GithubHome> } = {},
) =>
  githubAt(
    GithubHome.parse({
      apiUrl: address,
      serverUrl: 'https://git.example.org',
      owner: 'team',
      name: 'models',
      as,
      timeoutMs: 2_000,
      ...options.home,
    }),
    { timing, env: {}, ...options },
  );

async function refusal(asked: Promise<unknown>): Promise<GithubError> {
  const error = await asked.catch((thrown: unknown) => thrown);
  if (!(error instanceof GithubError))
    throw new Error(`was not refused: ${JSON.stringify(error)}`, { cause: error });
  expect(error.hint).toBeTruthy();
  for (const text of [error.message, error.hint, JSON.stringify(error.facts), String(error.cause)])
    expect(text).not.toMatch(/geheim|BEGIN/);
  return error;
}

const comment = (id: number, app: number | null = null) => ({
  id,
  user: { login: 'somebody' },
  body: null,
  html_url: `https://git.example.org/${id}`,
  performed_via_github_app: app === null ? null : { id: app },
});

describe('answers', () => {
  test('all pages, as the links between them say', async () => {
    const next = { link: `<${address}/x>; rel="next", <${address}/y>; rel="last"` };
    answers = [json(200, [comment(1)], next), json(200, [comment(2, 12)], { link: '<x>; rel="prev"' })];
    const github = client();
    expect((await github.comments(7)).map(({ id, app }) => [id, app])).toEqual([
      [1, null],
      [2, 12],
    ]);
    expect(seen.map(({ url }) => url)).toEqual([
      '/repos/team/models/issues/7/comments?per_page=100&page=1',
      '/repos/team/models/issues/7/comments?per_page=100&page=2',
    ]);
    expect(seen[0]?.headers.authorization).toBe('token ghs_geheimgeheim');
    expect(github.requests()).toBe(2);
  });

  test('what is not there is null, also where the host says so with a sha it never had', async () => {
    answers = [json(404, { message: 'Not Found' }), json(422, { message: 'No commit found for SHA: x' })];
    expect(await client().pull(7)).toBeNull();
    expect(await client().commit('f'.repeat(40))).toBeNull();
  });

  test('something else than GitHub is told as such', async () => {
    answers = [json(200, { hello: 'world' })];
    expect(await refusal(client().workflowRun(1))).toMatchObject({ failure: 'invalid' });
    answers = [json(302, {}, { location: 'https://login.example.org/' })];
    expect(await refusal(client().workflowRun(1))).toMatchObject({ failure: 'invalid' });
    expect(seen).toHaveLength(2);
  });

  test('a repository that was renamed is followed on its own host', async () => {
    answers = [
      json(307, {}, { location: `${address}/repositories/5/issues/7/comments` }),
      json(201, comment(3)),
    ];
    expect((await client().createComment(7, 'text')).id).toBe(3);
    expect(seen[1]).toMatchObject({
      method: 'POST',
      url: '/repositories/5/issues/7/comments',
      body: '{"body":"text"}',
    });
  });

  test('more pages than anybody reads are refused', async () => {
    answers = Array.from({ length: 101 }, () => json(200, [], { link: '<x>; rel="next"' }));
    expect(await refusal(client().comments(7))).toMatchObject({ failure: 'too-large' });
    expect(seen).toHaveLength(100);
  });
});

describe('refusals', () => {
  test('a lacking right is named, as the host names it', async () => {
    const rights = { 'x-accepted-github-permissions': 'issues=write,contents=read; pull_requests=write' };
    answers = [json(403, { message: 'Resource not accessible by integration' }, rights)];
    const error = await refusal(client().createComment(7, 'x'));
    expect(error).toMatchObject({ failure: 'no-right', status: 403, exitCode: 2 });
    expect(error.message).toContain(
      'the token lacks the right issues: write and contents: read, or pull_requests: write',
    );
  });

  test('each status has its meaning', async () => {
    const cases: [number, unknown, string][] = [
      [401, { message: 'Bad credentials' }, 'unauthorized'],
      [403, { message: 'Must have admin rights' }, 'no-right'],
      [404, { message: 'Not Found' }, 'not-found'],
      [409, { message: 'is at 1 but expected 2' }, 'conflict'],
      [410, { message: 'Issues are disabled' }, 'expired'],
      [413, '', 'too-large'],
      [
        422,
        { message: 'Validation Failed', errors: [{ message: 'A pull request already exists' }] },
        'conflict',
      ],
      [422, { message: 'Validation Failed', errors: [{ field: 'base', code: 'invalid' }] }, 'invalid'],
      [418, { message: 'teapot' }, 'invalid'],
    ];
    for (const [status, data, failure] of cases) {
      answers = [json(status, data)];
      const asked = client().createPull({ title: 't', body: '', head: 'h', base: 'b' });
      expect(await refusal(asked)).toMatchObject({ failure, status });
    }
    expect(seen).toHaveLength(cases.length);
  });

  test('rate limits are waited for, by the host’s own clock', async () => {
    const date = 'Wed, 01 Jul 2026 10:00:00 GMT';
    const reset = String(Date.parse(date) / 1000 + 30);
    answers = [
      json(
        403,
        { message: 'API rate limit exceeded' },
        { date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      ),
      json(403, { message: 'You have exceeded a secondary rate limit' }, { date }),
      json(429, { message: 'slower' }, { date, 'retry-after': '7' }),
      json(201, comment(1)),
    ];
    await client().createComment(7, 'x');
    expect(waited).toEqual([31_000, 60_000, 7_000]);
  });

  test('a longer one ends the call, and says until when', async () => {
    answers = [json(429, {}, { date: 'Wed, 01 Jul 2026 10:00:00 GMT', 'retry-after': '3600' })];
    const error = await refusal(client().comments(7));
    expect(error).toMatchObject({ failure: 'rate-limited', until: '2026-07-01T11:00:00.000Z', exitCode: 3 });
    expect(error.message).toContain('2026-07-01T11:00:00');
    expect(waited).toEqual([]);
  });
});

describe('a host that is away', () => {
  const reset: Answer = (request) => request.socket.destroy();

  test('what may be made twice is made again', async () => {
    answers = [json(502, {}), reset, json(503, {}, { 'retry-after': '3' }), json(200, [])];
    expect(await client().comments(7)).toEqual([]);
    expect(waited).toEqual([500, 1_000, 3_000]);
    answers = [json(502, {}), json(201, {})];
    await client().setStatus('a'.repeat(40), { context: 'perennial', state: 'error', description: 'x' });
    expect(seen).toHaveLength(6);
  });

  test('a creation whose answer was lost is not made again, and is told so', async () => {
    for (const fault of [json(502, {}), reset]) {
      answers = [fault];
      expect(await refusal(client().createComment(7, 'x'))).toMatchObject({ failure: 'unknown-outcome' });
    }
    expect(seen).toHaveLength(2);
    // Surely not done.
    answers = [json(503, {}, { 'retry-after': '1' }), json(201, comment(1))];
    expect((await client().createComment(7, 'x')).id).toBe(1);
  });

  test('a merge whose answer was lost is looked for', async () => {
    const pull = {
      number: 7,
      title: 't',
      state: 'closed',
      merged_at: '2026-07-01T00:00:00Z',
      merge_commit_sha: 'c'.repeat(40),
      user: null,
      head: { ref: 'h', sha: 'a'.repeat(40), repo: null },
      base: { ref: 'master', sha: 'b'.repeat(40) },
      html_url: 'https://git.example.org/7',
      created_at: '2026-07-01T00:00:00Z',
    };
    const sha = 'a'.repeat(40);
    answers = [reset, json(200, pull)];
    expect(await client().mergePull(7, { sha, method: 'merge' })).toEqual({
      merged: true,
      sha: 'c'.repeat(40),
    });
    answers = [reset, json(200, { ...pull, state: 'open', merged_at: null })];
    expect(await refusal(client().mergePull(7, { sha, method: 'merge' }))).toMatchObject({
      failure: 'unknown-outcome',
    });
    answers = [json(405, { message: 'Required status check "perennial" is failing.' })];
    expect(await client().mergePull(7, { sha, method: 'merge' })).toMatchObject({
      merged: false,
      why: expect.stringContaining('Required status check'),
    });
  });

  test('nobody listens: told with the attempts', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const error = await refusal(client().createComment(7, 'x'));
    expect(error).toMatchObject({ failure: 'unavailable', exitCode: 3 });
    expect(error.message).toMatch(/refuses the connection \(4 attempts\)/);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  test('no answer in time, and an answer that stops in the middle', async () => {
    const silent: Answer = () => {};
    const half: Answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('[{');
    };
    answers = [silent, half, json(200, [])];
    expect(await client(TOKEN, { home: { timeoutMs: 200 } }).comments(7)).toEqual([]);
    expect(seen).toHaveLength(3);
  });

  test('a signal ends a request and a pause at once', async () => {
    const stop = new AbortController();
    answers = [() => stop.abort(new Error('stopped'))];
    expect(await refusal(client(TOKEN, { signal: stop.signal }).comments(7))).toMatchObject({
      failure: 'cancelled',
    });
    const late = new AbortController();
    answers = [json(429, {}, { 'retry-after': '60' })];
    const asked = refusal(client(TOKEN, { signal: late.signal, timing: undefined }).comments(7));
    setTimeout(() => late.abort(new Error('stopped')), 300);
    expect(await asked).toMatchObject({ failure: 'cancelled' });
  });
});

describe('the App', () => {
  const token = (value: string, lifeMs = 3_600_000): Answer =>
    json(201, {
      token: value,
      expires_at: new Date(Date.now() + lifeMs).toISOString(),
      permissions: { issues: 'read' },
      repository_selection: 'selected',
    });

  test('one token serves many requests; it is withheld before it is used', async () => {
    const withheld: string[] = [];
    answers = [token('ghs_geheim_of_the_app'), json(200, []), json(200, [])];
    const github = client(APP, { withhold: (values) => void withheld.push(...values) });
    await github.comments(7);
    await github.comments(8);
    expect(await github.gitToken()).toBe('ghs_geheim_of_the_app');
    expect(seen.map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
      'POST /app/installations/345/access_tokens',
      'GET /repos/team/models/issues/7/comments',
      'GET /repos/team/models/issues/8/comments',
    ]);
    expect(seen[0]?.headers.authorization).toMatch(/^bearer eyJ/);
    expect(seen[1]?.headers.authorization).toBe('token ghs_geheim_of_the_app');
    expect(withheld).toEqual(['ghs_geheim_of_the_app']);
    expect(github.requests()).toBe(3);
    expect(withoutSecrets('harmless')).toBe('harmless');
  });

  test('a token that is about to end is made anew', async () => {
    answers = [token('ghs_geheim_1', 60_000), token('ghs_geheim_2'), json(200, [])];
    await client(APP).comments(7);
    expect(seen[2]?.headers.authorization).toBe('token ghs_geheim_2');
  });

  test('its token may be asked for again even for a request that may not', async () => {
    answers = [json(502, {}), token('ghs_geheim_3'), json(201, comment(1))];
    expect((await client(APP).createComment(7, 'x')).id).toBe(1);
  });

  test('what it may not do is told beside what it may', async () => {
    answers = [
      token('ghs_geheim_4'),
      json(403, { message: 'Resource not accessible' }, { 'x-accepted-github-permissions': 'issues=write' }),
    ];
    const error = await refusal(client(APP).createComment(7, 'x'));
    expect(error.message).toContain('the App lacks the right issues: write (it has issues: read)');
  });

  test('knows its own comments by its id, without a request', async () => {
    const github = client(APP);
    expect(await github.ours({ author: 'x[bot]', app: 12 })).toBe(true);
    expect(await github.ours({ author: 'x[bot]', app: 13 })).toBe(false);
    expect(await github.ours({ author: 'jane', app: null })).toBe(false);
    expect(seen).toEqual([]);
    answers = [json(200, { slug: 'perennial-acme' })];
    expect(await github.ours({ author: 'perennial-acme[bot]', app: null })).toBe(true);
    expect(await github.login()).toBe('perennial-acme[bot]');
    expect(seen.map(({ url }) => url)).toEqual(['/app']);
  });

  test('a manifest is converted as nobody', async () => {
    answers = [json(201, { id: 1, slug: 's', pem: 'p', html_url: 'h' })];
    await client(APP).convertManifest('code');
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('artifacts', () => {
  const zip = Buffer.from('PK-something');

  test('the store behind the signed address gets no credentials of ours', async () => {
    let store: IncomingMessage['headers'] | undefined;
    answers = [
      json(302, '', { location: `http://localhost:${new URL(address).port}/store?sig=abc` }),
      (request, response) => {
        store = request.headers;
        response.end(zip);
      },
    ];
    expect(Buffer.from(await client().downloadArtifact(5, { maxBytes: 1_000 }))).toEqual(zip);
    expect(store).toBeDefined();
    expect(store?.authorization).toBeUndefined();
  });

  test.each([
    ['announced', (response: ServerResponse) => response.writeHead(200, { 'content-length': '1000' })],
    ['not announced', (response: ServerResponse) => response.writeHead(200)],
  ])('a file larger than allowed is not taken (%s)', async (_how, head) => {
    answers = [
      json(302, '', { location: `${address}/store` }),
      (_request, response) => {
        head(response);
        response.write(Buffer.alloc(600));
        response.end(Buffer.alloc(400));
      },
    ];
    expect(await refusal(client().downloadArtifact(5, { maxBytes: 999 }))).toMatchObject({
      failure: 'too-large',
    });
    expect(seen).toHaveLength(2);
  });

  test('one that is gone, at the host or in its store', async () => {
    answers = [json(410, { message: 'Artifact has expired' })];
    expect(await refusal(client().downloadArtifact(5, { maxBytes: 9 }))).toMatchObject({
      failure: 'expired',
    });
    answers = [json(302, '', { location: `${address}/store?sig=geheim` }), json(404, {})];
    expect(await refusal(client().downloadArtifact(5, { maxBytes: 9 }))).toMatchObject({
      failure: 'expired',
    });
  });
});

test('the end of a token, as the host writes it', async () => {
  const header = (value: string) => json(200, {}, { 'github-authentication-token-expiration': value });
  answers = [header('2026-08-01 09:12:44 UTC'), header('2026-08-01 09:12:44 +0200'), json(200, {})];
  expect(await client().tokenExpiry()).toBe('2026-08-01T09:12:44.000Z');
  expect(await client().tokenExpiry()).toBe('2026-08-01T07:12:44.000Z');
  expect(await client().tokenExpiry()).toBeNull();
});
