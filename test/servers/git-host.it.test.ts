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
async function story(): Promise<{ base: string; head: string }> {
  await git('init', '-q', '--initial-branch=master');
  await git('remote', 'add', 'origin', host.originFor(robot));
  const base = await commit('README.md', 'one');
  await git('checkout', '-q', '-b', 'feature/lstm');
  const head = await commit('model.ts', 'two');
  await git('push', '-q', host.bare, 'master', 'feature/lstm');
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
  const clone = join(folder, 'clone');
  expect((await git('clone', '-q', host.origin, clone)).exitCode).toBe(128);
  expect((await git('clone', '-q', host.originFor(robot), clone)).exitCode).toBe(0);
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

const say = (state: string, sha: string, token = robot, context = 'perennial') =>
  ask('POST', `${REPO}/statuses/${sha}`, { token, body: { state, context, description: 'a word' } });

const merge = (sha: string, token = robot, merge_method = 'merge') =>
  ask('PUT', `${REPO}/pulls/1/merge`, { token, body: { sha, merge_method } });

function protect({ strict = false } = {}): void {
  const conditions = { ref_name: { include: ['refs/heads/master'], exclude: [] } };
  const base = { target: 'branch', enforcement: 'active', conditions } as const;
  host.addRuleset({
    ...base,
    name: 'checks',
    bypass_actors: [],
    rules: [
      { type: 'deletion' },
      { type: 'non_fast_forward' },
      {
        type: 'required_status_checks',
        parameters: {
          required_status_checks: [{ context: 'perennial', integration_id: host.app.id }],
          strict_required_status_checks_policy: strict,
        },
      },
    ],
  });
  host.addRuleset({
    ...base,
    name: 'approval',
    bypass_actors: [{ actor_id: host.app.id, actor_type: 'Integration', bypass_mode: 'pull_request' }],
    rules: [
      {
        type: 'pull_request',
        parameters: { required_approving_review_count: 1, allowed_merge_methods: ['merge'] },
      },
    ],
  });
}

it('merges only what its rules let through, and by whom they let it', async () => {
  const { base, head } = await story();
  protect();
  const ada = host.person('ada', 'write');
  await openPull();
  expect((await merge(head, ada)).body.message).toContain('Required status check "perennial" is expected.');
  // A person's word is not the App's.
  await say('success', head, ada);
  expect((await merge(head, ada)).body.message).toContain('Required status check "perennial" is expected.');
  await say('failure', head);
  expect((await merge(head)).body.message).toContain('is failing');
  await say('success', head);
  const unapproved = await merge(head, ada);
  expect([unapproved.status, unapproved.body.message]).toEqual([
    405,
    expect.stringContaining('At least 1 approving review'),
  ]);
  expect((await ask('GET', `${REPO}/pulls/1`, { token: ada })).body.mergeable_state).toBe('unknown');
  expect((await ask('GET', `${REPO}/pulls/1`, { token: ada })).body.mergeable_state).toBe('blocked');
  host.approve(1, 'ada');
  expect((await merge(head, ada, 'squash')).body.message).toContain('"squash" is not allowed');
  expect((await merge(base, ada)).status).toBe(409);
  const merged = await merge(head, ada);
  expect([merged.status, merged.body.merged]).toEqual([200, true]);
  await git('fetch', '-q', 'origin', 'master');
  expect((await git('log', '-1', '--format=%H %P', 'FETCH_HEAD')).stdout).toBe(
    `${merged.body.sha} ${base} ${head}`,
  );
  expect((await merge(head, ada)).status).toBe(405);
  expect((await ask('GET', `${REPO}/pulls/1`, { token: ada })).body).toMatchObject({
    state: 'closed',
    merged: true,
  });
});

it('merges only what holds the newest commit of its base, where the rule is strict', async () => {
  const { head } = await story();
  protect({ strict: true });
  await openPull();
  await say('success', head);
  await git('checkout', '-q', 'master');
  await commit('README.md', 'another');
  await git('push', '-q', host.bare, 'master');
  const behind = await merge(head);
  expect([behind.status, behind.body.message]).toEqual([405, expect.stringContaining('newest commit')]);
  const ada = host.person('ada', 'write');
  host.approve(1, 'ada');
  await ask('GET', `${REPO}/pulls/1`, { token: ada });
  expect((await ask('GET', `${REPO}/pulls/1`, { token: ada })).body.mergeable_state).toBe('behind');
  await git('checkout', '-q', 'feature/lstm');
  await git('merge', '-q', 'master', '-m', 'newest');
  await git('push', '-q', 'origin', 'feature/lstm');
  const newest = (await git('rev-parse', 'HEAD')).stdout;
  await say('success', newest);
  expect((await merge(newest)).status).toBe(200);
});

it('lets the App pass by the approval and nobody by the checks, and refuses pushes past them', async () => {
  const { head } = await story();
  protect();
  await openPull();
  expect((await merge(head)).status).toBe(405);
  const pushed = await git('push', 'origin', 'feature/lstm:master');
  expect(pushed.exitCode).toBe(1);
  expect(pushed.stderr).toContain('Required status check "perennial" is expected');
  await say('success', head);
  // Its right to pass by is for pull requests.
  expect((await git('push', 'origin', 'feature/lstm:master')).stderr).toContain(
    'must be made through a pull request',
  );
  expect((await git('push', 'origin', ':master')).stderr).toContain('Cannot delete this branch');
  expect((await merge(head)).status).toBe(200);
});

it('refuses a merge of sides that conflict, and squashes into one commit', async () => {
  const { head, base } = await story();
  await openPull();
  await git('checkout', '-q', '-B', 'other', base);
  const there = await commit('model.ts', 'otherwise');
  await git('push', '-q', 'origin', 'other:master');
  expect((await merge(head)).body.message).toBe('Pull Request is not mergeable');
  await git('push', '-q', '-f', 'origin', `${base}:master`);
  const squashed = await merge(head, robot, 'squash');
  await git('fetch', '-q', 'origin', 'master');
  expect((await git('log', '-1', '--format=%P|%s', 'FETCH_HEAD')).stdout).toBe(`${base}|LSTM (#1)`);
  expect(squashed.body.sha).not.toBe(there);
});

it('cuts lists into pages that name each other', async () => {
  await story();
  await openPull();
  host.addComments(1, 250);
  const mine = await ask('POST', `${REPO}/issues/1/comments`, { token: robot, body: { body: 'ours' } });
  expect(mine.status).toBe(201);
  let path: string | null = `${REPO}/issues/1/comments?per_page=100`;
  const seen: string[] = [];
  let pages = 0;
  while (path !== null) {
    const { body, headers } = await ask('GET', path, { token: robot });
    seen.push(...body.map((one: { body: string }) => one.body));
    pages++;
    const next = /<([^>]+)>; rel="next"/.exec(headers.link ?? '')?.[1];
    path = next ? next.slice(host.apiUrl.length) : null;
  }
  expect([pages, seen.length, seen.at(-1)]).toEqual([3, 251, 'ours']);
  const edited = await ask('PATCH', `${REPO}/issues/comments/${mine.body.id}`, {
    token: robot,
    body: { body: 'ours, newer' },
  });
  expect(edited.body).toMatchObject({ body: 'ours, newer', user: { login: 'perennial-acme[bot]' } });
  expect(
    (await ask('POST', `${REPO}/issues/1/comments`, { token: robot, body: { body: 'x'.repeat(65_537) } }))
      .status,
  ).toBe(422);
});

it('gives artifacts by an address that takes no token, until they expire', async () => {
  const { head } = await story();
  const run = host.addRun({ headSha: head, headBranch: 'feature/lstm' });
  const id = host.uploadArtifact({
    run: run.id,
    name: 'perennial-review-a',
    zip: Buffer.from('PK'),
    keptMs: 1_000_000,
  });
  const listed = await ask('GET', `${REPO}/actions/runs/${run.id}/artifacts`, { token: robot });
  expect(listed.body).toMatchObject({
    total_count: 1,
    artifacts: [{ id, expired: false, workflow_run: { head_sha: head } }],
  });
  const { status, headers } = await ask('GET', `${REPO}/actions/artifacts/${id}/zip`, { token: robot });
  expect(status).toBe(302);
  const bare = await request(headers.location);
  expect([bare.statusCode, await bare.body.text()]).toEqual([200, 'PK']);
  const withToken = await request(headers.location, { headers: { authorization: `token ${robot}` } });
  expect([withToken.statusCode, await withToken.body.text()]).toEqual([
    400,
    expect.stringContaining('InvalidAuth'),
  ]);
  host.state.advance(1_000_001);
  expect((await ask('GET', `${REPO}/actions/artifacts/${id}/zip`, { token: robot })).status).toBe(410);
});

it('believes an App by its key, and a token for an hour and within its rights', async () => {
  const { head } = await story();
  expect((await ask('GET', `${REPO}/installation`, { token: jwt() })).body).toMatchObject({
    id: host.app.installation,
  });
  expect(
    (await ask('GET', `${REPO}/installation`, { token: jwt({ exp: Math.floor(Date.now() / 1000) + 3_600 }) }))
      .status,
  ).toBe(401);
  const other = await GitHost.start();
  const app = other.state.apps[0];
  await other.stop();
  expect((await ask('GET', `${REPO}/installation`, { token: jwt({ iss: app.id + 7 }) })).status).toBe(401);
  expect((await ask('GET', `${REPO}/installation`, { token: `${jwt().slice(0, -8)}AAAAAAAA` })).status).toBe(
    401,
  );
  const narrow = await tokenOfApp({ permissions: { contents: 'read' } });
  const refused = await say('success', head, narrow);
  expect([refused.status, refused.headers['x-accepted-github-permissions']]).toEqual([403, 'statuses=write']);
  expect((await git('push', host.originFor(narrow), 'HEAD:refs/heads/x')).stderr).toContain('403');
  expect((await ask('GET', '/user', { token: robot })).status).toBe(403);
  host.state.advance(3_600_001);
  expect((await say('success', head)).status).toBe(401);
  expect((await ask('GET', REPO)).status).toBe(404);
});

it('calls out what GitHub would not take, or would leave unread', async () => {
  const { head } = await story();
  expect((await say('green', head)).status).toBe(422);
  expect(
    (await ask('POST', `${REPO}/pulls`, { token: robot, body: { titel: 'x', base: 'master' } })).status,
  ).toBe(422);
  expect((await ask('GET', `${REPO}/pulls?per_page=many`, { token: robot })).status).toBe(422);
  expect((await ask('GET', `${REPO}/pulls?perpage=5`, { token: robot })).status).toBe(422);
  expect((await ask('GET', `${REPO}/pull`, { token: robot })).status).toBe(404);
  expect((await ask('GET', `${REPO}/stargazers`, { token: robot })).status).toBe(501);
  expect(() => host.assertClean()).toThrow(/GitHub would not have taken this/);
  const said = host.takeViolations().join('\n');
  for (const part of [
    'body/state must be equal to one of',
    "must have required property 'head'",
    'reads no titel',
    'query/per_page',
    'no query parameter perpage',
    'is no endpoint',
    'not built',
  ]) {
    expect(said).toContain(part);
  }
});

it('fails on demand: limits, statuses, slowness, cuts', async () => {
  await story();
  const get = () => ask('GET', `${REPO}/pulls`, { token: robot });
  host.fail({ path: `${REPO}/pulls`, limit: 'secondary', seconds: 2 });
  host.fail({ path: `${REPO}/pulls`, status: 502, after: 1 });
  const limited = await get();
  expect([limited.status, limited.headers['retry-after']]).toEqual([403, '2']);
  expect((await get()).status).toBe(502);
  host.fail({ limit: 'primary', seconds: 3 });
  expect((await get()).headers['x-ratelimit-remaining']).toBe('0');
  host.fail({ cut: 'before' });
  await expect(get()).rejects.toThrow();
  host.fail({ method: 'POST', cut: 'after' });
  await expect(openPull()).rejects.toThrow();
  host.fail({ slowMs: 300 });
  const from = Date.now();
  expect((await get()).body).toHaveLength(1);
  expect(Date.now() - from).toBeGreaterThanOrEqual(290);
  expect(host.requests.slice(-6).map(({ method, status }) => `${method} ${status}`)).toEqual([
    'GET 403',
    'GET 502',
    'GET 403',
    'GET 0',
    'POST 0',
    'GET 200',
  ]);
});

it('writes a file in a commit of the App that it signs, and tells who wrote others', async () => {
  const { head } = await story();
  const file = `${REPO}/contents/reports/m/history/a-override.json`;
  const body = { message: 'override', content: Buffer.from('{}').toString('base64'), branch: 'feature/lstm' };
  const written = await ask('PUT', file, { token: robot, body });
  expect([written.status, written.body.commit.parents[0].sha]).toEqual([201, head]);
  expect((await ask('PUT', file, { token: robot, body })).status).toBe(422);
  const commit = await ask('GET', `${REPO}/commits/${written.body.commit.sha}`, { token: robot });
  expect(commit.body).toMatchObject({
    author: { login: 'perennial-acme[bot]' },
    commit: { verification: { verified: true } },
    files: [{ filename: 'reports/m/history/a-override.json' }],
  });
  const pushed = await ask('GET', `${REPO}/commits/${head}`, { token: robot });
  expect(pushed.body).toMatchObject({ author: null, commit: { verification: { verified: false } } });
});

it('takes a fork’s pull request, and shows its commits under refs/pull', async () => {
  await story();
  const { repository, token } = await host.fork('stranger');
  const fork = host.originFor(token, repository);
  const sha = await commit('theirs.ts', 'four');
  await git('push', '-q', fork, 'HEAD:patch');
  const body = { title: 'theirs', head: 'stranger:patch', base: 'master' };
  const opened = await ask('POST', `${REPO}/pulls`, { token, body });
  expect(opened.body).toMatchObject({ head: { sha, repo: { full_name: 'stranger/perennial', fork: true } } });
  await git('fetch', '-q', 'origin', 'refs/pull/1/head');
  expect((await git('rev-parse', 'FETCH_HEAD')).stdout).toBe(sha);
  expect((await git('push', host.originFor(token), 'HEAD:refs/heads/mine')).exitCode).toBe(128);
});

it('keeps issues, settings, branch rules and workflows, each in GitHub’s shape', async () => {
  const { head } = await story();
  const admin = host.person('root', 'admin');
  const as = { token: admin };
  const issue = await ask('POST', `${REPO}/issues`, {
    ...as,
    body: { title: 'gate', body: 'x', labels: ['perennial-gate'] },
  });
  expect((await ask('GET', `${REPO}/issues?labels=perennial-gate&state=open`, as)).body).toHaveLength(1);
  await ask('PATCH', `${REPO}/issues/${issue.body.number}`, { ...as, body: { state: 'closed' } });
  expect((await ask('GET', `${REPO}/issues?labels=perennial-gate`, as)).body).toEqual([]);

  const rules = {
    name: 'checks',
    target: 'branch',
    enforcement: 'active',
    conditions: { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } },
    rules: [{ type: 'deletion' }],
    bypass_actors: [],
  };
  const made = await ask('POST', `${REPO}/rulesets`, { ...as, body: rules });
  expect((await ask('GET', `${REPO}/rulesets/${made.body.id}`, as)).body).toMatchObject(rules);
  expect((await ask('GET', `${REPO}/rulesets`, as)).body[0].rules).toBeUndefined();
  expect((await ask('POST', `${REPO}/rulesets`, { token: robot, body: rules })).status).toBe(403);

  host.state.secrets.add('DAGSHUB_TOKEN');
  host.state.variables.set('PERENNIAL_APP_ID', '7');
  host.state.environments.set('robots', {
    branches: 'custom',
    policies: ['master'],
    secrets: ['KEY'],
    variables: {},
  });
  const names = async (path: string) => (await ask('GET', `${REPO}${path}`, as)).body;
  expect(await names('/actions/secrets')).toMatchObject({ secrets: [{ name: 'DAGSHUB_TOKEN' }] });
  expect(await names('/actions/variables')).toMatchObject({
    variables: [{ name: 'PERENNIAL_APP_ID', value: '7' }],
  });
  expect(await names('/environments')).toMatchObject({
    environments: [{ name: 'robots', deployment_branch_policy: { custom_branch_policies: true } }],
  });
  expect(await names('/environments/robots/deployment-branch-policies')).toMatchObject({
    branch_policies: [{ name: 'master' }],
  });
  expect(await names('/environments/robots/secrets')).toMatchObject({ secrets: [{ name: 'KEY' }] });
  expect(await names('')).toMatchObject({
    default_branch: 'master',
    permissions: { admin: true, push: true },
  });
  expect(await names('/collaborators/root/permission')).toMatchObject({ permission: 'admin' });

  host.addWorkflow('etl.yml', 'disabled_inactivity');
  const [{ id }] = (await names('/actions/workflows')).workflows;
  const dispatch = () =>
    ask('POST', `${REPO}/actions/workflows/etl.yml/dispatches`, {
      ...as,
      body: { ref: 'master', inputs: { model: 'a' } },
    });
  expect((await dispatch()).status).toBe(422);
  expect((await ask('PUT', `${REPO}/actions/workflows/${id}/enable`, as)).status).toBe(204);
  expect((await dispatch()).status).toBe(204);
  expect(host.events.at(-1)).toMatchObject({
    name: 'workflow_dispatch',
    payload: { inputs: { model: 'a' } },
  });
  const run = host.addRun({ headSha: head, path: '.github/workflows/etl.yml', event: 'schedule' });
  expect(await names('/actions/workflows/etl.yml/runs?event=schedule')).toMatchObject({
    workflow_runs: [{ id: run.id }],
  });
  expect((await ask('POST', `${REPO}/actions/runs/${run.id}/rerun`, as)).status).toBe(201);
  expect(await names(`/actions/runs/${run.id}`)).toMatchObject({ status: 'queued', run_attempt: 2 });

  const code = host.manifestCode('Perennial of Acme');
  const app = await ask('POST', `/app-manifests/${code}/conversions`);
  expect([app.status, app.body.slug, app.body.pem]).toEqual([
    201,
    'perennial-of-acme',
    expect.stringContaining('RSA PRIVATE KEY'),
  ]);
  expect((await ask('POST', `/app-manifests/${code}/conversions`)).status).toBe(404);
});

it('builds the payloads that workflows get, in GitHub’s whole shape', async () => {
  const { base, head } = await story();
  await openPull();
  const { payloads } = host;
  expect(payloads.pullRequest(1, 'synchronize')).toMatchObject({
    action: 'synchronize',
    pull_request: { head: { sha: head } },
  });
  expect(await payloads.push('master', base, head)).toMatchObject({
    ref: 'refs/heads/master',
    before: base,
    after: head,
  });
  const run = host.addRun({ headSha: head });
  expect(payloads.workflowRun(run)).toMatchObject({
    action: 'completed',
    workflow_run: { id: run.id, head_sha: head },
  });
  expect(payloads.workflowRun(run, 'requested')).toMatchObject({ action: 'requested' });
  host.addComments(1, 1, 'ada');
  const said = payloads.issueComment(host.state.comments[0].id);
  expect(said).toMatchObject({ comment: { user: { login: 'ada' } }, issue: { number: 1, pull_request: {} } });
  expect(payloads.workflowDispatch('etl.yml', { model: 'a' })).toMatchObject({ inputs: { model: 'a' } });
  expect(payloads.schedule('17 5 * * *')).toMatchObject({ schedule: '17 5 * * *' });
});
