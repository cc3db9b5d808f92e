import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GitHost } from '../../../test/servers/git-host.ts';
import { git } from '../git.ts';
import { commitOnto, filesAt, resolveCommit } from '../git-objects.ts';
import { fetchRefs, gitUrl, pushBranch, type Remote } from '../git-remote.ts';
import { basicAuth } from '../home-secrets.ts';
import type { Github } from './github.ts';
import { githubAt } from './github-at.ts';

let host: GitHost;
let root: string;
let robots: Github;
let jane: Github;
let first: string;
let remote: Remote;
const ROBOT = { name: 'robot', email: 'robot@example.org' };

const made = async (base: string, files: Record<string, string>) =>
  (await commitOnto(root, {
    base,
    files: new Map(Object.entries(files)),
    message: 'a change',
    author: ROBOT,
    at: new Date('2026-07-01T00:00:00Z'),
  })) as string;

beforeAll(async () => {
  host = await GitHost.start();
  root = await mkdtemp(join(tmpdir(), 'on-a-host-'));
  robots = githubAt(host.home());
  jane = githubAt(host.home({ as: { kind: 'token', token: host.person('jane', 'write') } }));
  await git(root, ['init', '--quiet', '--initial-branch=master']);
  for (const [name, value] of Object.entries({ name: 'jane', email: 'jane@example.org' }))
    await git(root, ['config', `user.${name}`, value]);
  await git(root, ['commit', '--quiet', '--allow-empty', '-m', 'first']);
  first = (await resolveCommit(root, 'HEAD')) as string;
  remote = { root, url: gitUrl(host.home()), token: await robots.gitToken() };
  await pushBranch(remote, { branch: 'master' });
  await pushBranch(remote, { branch: 'feature', commit: await made(first, { 'a.txt': '1', 'b.txt': '2' }) });
  await host.settle();
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  await host.stop();
});

describe('git over http', () => {
  test('the token goes in the environment: no argument, no file, and beside a checkout’s own', async () => {
    // As actions/checkout leaves it; two of them would be refused.
    const other = `AUTHORIZATION: basic ${basicAuth('x-access-token', 'of-another')}`;
    await git(root, ['config', `http.${host.serverUrl}/.extraheader`, other]);
    await fetchRefs(remote, ['refs/heads/feature:refs/remotes/there/feature']);
    expect(await resolveCommit(root, 'refs/remotes/there/feature')).not.toBeNull();
    const config = await readFile(join(root, '.git', 'config'), 'utf8');
    expect(config).not.toContain(remote.token);
    expect(config).not.toContain(basicAuth('x-access-token', remote.token as string));
    await git(root, ['config', '--unset-all', `http.${host.serverUrl}/.extraheader`]);
  });

  test('a wrong token is told, and not shown', async () => {
    const wrong = { ...remote, token: 'ghs_geheim_and_wrong' };
    const error = (await fetchRefs(wrong, ['master']).catch((thrown) => thrown)) as Error;
    expect(error).toMatchObject({ failure: 'unauthorized', exitCode: 2 });
    expect(`${error.message} ${error.stack}`).not.toMatch(
      new RegExp(`geheim|${basicAuth('x-access-token', wrong.token)}`),
    );
  });
});

test('a pull request from its beginning to its end', async () => {
  const pull = await jane.createPull({ title: 'One', body: 'why', head: 'feature', base: 'master' });
  expect(pull).toMatchObject({
    author: 'jane',
    state: 'open',
    merged: false,
    head: { repo: 'acme/perennial' },
  });
  await expect(
    jane.createPull({ title: 'One', body: '', head: 'feature', base: 'master' }),
  ).rejects.toMatchObject({ failure: 'conflict' });
  expect(await robots.openPulls({ head: 'acme:feature' })).toMatchObject([{ number: pull.number }]);
  expect(await robots.openPulls({ head: 'acme:other' })).toEqual([]);
  expect(await robots.pull(999)).toBeNull();
  expect(await robots.pullFiles(pull.number)).toEqual(['a.txt', 'b.txt']);
  expect((await robots.updatePull(pull.number, { title: 'Two' })).title).toBe('Two');

  host.approve(pull.number, 'ada');
  expect(await robots.approvals(pull.number)).toEqual([
    { author: 'ada', state: 'APPROVED', sha: pull.head.sha },
  ]);

  const status = { context: 'perennial', description: 'x'.repeat(200) };
  await robots.setStatus(pull.head.sha, { ...status, state: 'pending' });
  await robots.setStatus(pull.head.sha, { ...status, state: 'success', target: pull.page });
  expect(await robots.statuses(pull.head.sha)).toEqual([
    {
      context: 'perennial',
      state: 'success',
      description: `${'x'.repeat(139)}…`,
      author: 'perennial-acme[bot]',
    },
  ]);

  const stale = await robots.mergePull(pull.number, { sha: first, method: 'merge' });
  expect(stale).toMatchObject({ merged: false });
  // Its answer is lost, and it is done all the same.
  host.fail({ method: 'PUT', path: /\/merge$/, cut: 'after' });
  const merged = await robots.mergePull(pull.number, { sha: pull.head.sha, method: 'merge' });
  if (!merged.merged) throw new Error(merged.why);
  expect(await robots.branch('master')).toEqual({ sha: merged.sha });
  expect(await robots.pull(pull.number)).toMatchObject({ state: 'closed', merged: true });
  expect(await robots.commit(merged.sha)).toMatchObject({ parents: [first, pull.head.sha] });
  await robots.deleteBranch('feature');
  await robots.deleteBranch('feature');
  expect(await robots.branch('feature')).toBeNull();
});

test('a conversation of 250 comments is read in three requests and one for the token', async () => {
  const issue = await robots.createIssue({ title: 'gate', body: 'why', labels: ['perennial-gate'] });
  host.addComments(issue.number, 249);
  const own = await robots.createComment(issue.number, 'ours');
  const fresh = githubAt(host.home());
  const all = await fresh.comments(issue.number);
  expect(all).toHaveLength(250);
  expect(fresh.requests()).toBe(4);
  const ours = await Promise.all(all.map((comment) => fresh.ours(comment)));
  expect(all.filter((_, at) => ours[at]).map((comment) => comment.id)).toEqual([own.id]);
  // Once who we are, where the host does not say which App wrote a comment.
  expect(fresh.requests()).toBeLessThanOrEqual(5);
  expect((await robots.updateComment(own.id, 'edited')).body).toBe('edited');
  await robots.react(own.id, 'eyes');
  await robots.react(own.id, 'eyes');
  expect(await robots.openIssues({ labels: ['perennial-gate'] })).toMatchObject([{ number: issue.number }]);
  expect((await robots.updateIssue(issue.number, { state: 'closed' })).state).toBe('closed');
  expect(await robots.openIssues()).toEqual([]);
});

test('who is who, and who may do what', async () => {
  expect(await robots.login()).toBe('perennial-acme[bot]');
  expect(await jane.login()).toBe('jane');
  expect(await githubAt(host.home({ as: { kind: 'token', token: host.workflowToken() } })).login()).toBe(
    'github-actions[bot]',
  );
  host.person('lea', 'maintain');
  host.person('tom', 'triage');
  expect(await Promise.all(['jane', 'lea', 'tom', 'nobody-knows'].map(robots.permission))).toEqual([
    'write',
    'maintain',
    'triage',
    'none',
  ]);
  expect(await robots.installation()).toMatchObject({ id: host.app.installation, slug: 'perennial-acme' });
  expect(await robots.tokenExpiry()).toBeNull();
  const app = await robots.convertManifest(host.manifestCode('perennial-new'));
  expect(app).toMatchObject({ slug: 'perennial-new', pem: expect.stringContaining('PRIVATE KEY') });
});

test('a file is put where it is, on the commit that was looked at', async () => {
  const path = 'reports/m/history/2026-07-01T00-00-00-000Z-override.json';
  await pushBranch(remote, { branch: 'fix', commit: first });
  const { commit } = await robots.putFile(path, {
    branch: 'fix',
    content: '{"é":1}\n',
    message: 'an override',
  });
  expect(await robots.commit(commit)).toMatchObject({
    author: 'perennial-acme[bot]',
    verified: true,
    parents: [first],
    files: [path],
  });
  await fetchRefs(remote, [commit]);
  const [file] = await filesAt(root, commit);
  await expect(robots.putFile(path, { branch: 'fix', content: 'x', message: 'blind' })).rejects.toThrow(path);
  await robots.putFile(path, { branch: 'fix', content: 'x', message: 'seen', replaces: file.oid });
  expect(await robots.commit('f'.repeat(40))).toBeNull();
});

test('runs, artifacts and workflows', async () => {
  for (const file of ['etl.yml', 'model-review.yml']) host.addWorkflow(file);
  const run = host.addRun({ headSha: first, headBranch: 'fix' });
  expect(await robots.workflowRuns('model-review.yml', { sha: first })).toMatchObject([{ id: run.id }]);
  expect(await robots.workflowRuns('model-review.yml', { sha: 'f'.repeat(40) })).toEqual([]);
  expect(await robots.workflowRuns('absent.yml')).toEqual([]);
  expect(await robots.workflowRun(run.id)).toMatchObject({ headSha: first, conclusion: 'success' });
  await robots.rerunWorkflow(run.id);

  const zip = new TextEncoder().encode('PK\u0003\u0004 a zip');
  const id = host.uploadArtifact({ run: run.id, name: 'perennial-review-m', zip, keptMs: 60_000 });
  expect(await robots.runArtifacts(run.id)).toMatchObject([
    { id, name: 'perennial-review-m', expired: false, headSha: first },
  ]);
  expect(Buffer.from(await robots.downloadArtifact(id, { maxBytes: 100 }))).toEqual(Buffer.from(zip));
  await expect(robots.downloadArtifact(id, { maxBytes: 5 })).rejects.toMatchObject({ failure: 'too-large' });
  host.state.advance(120_000);
  await expect(robots.downloadArtifact(id, { maxBytes: 100 })).rejects.toMatchObject({ failure: 'expired' });

  await robots.dispatchWorkflow('etl.yml', { ref: 'master', inputs: { model: 'm' } });
  expect(host.events.at(-1)).toMatchObject({
    name: 'workflow_dispatch',
    payload: { inputs: { model: 'm' } },
  });
  const [etl] = await robots.workflows();
  await robots.enableWorkflow(etl.id);
});

test('what an administrator sees and sets', async () => {
  const admin = githubAt(host.home({ as: { kind: 'token', token: host.person('root', 'admin') } }));
  expect(await admin.repositorySettings()).toMatchObject({
    defaultBranch: 'master',
    private: true,
    permissions: { admin: true },
  });
  await admin.updateRepository({ delete_branch_on_merge: true });
  expect(host.state.settings.delete_branch_on_merge).toBe(true);
  const ruleset = {
    name: 'checks',
    target: 'branch' as const,
    enforcement: 'active' as const,
    conditions: { ref_name: { include: ['refs/heads/master'], exclude: [] } },
    rules: [{ type: 'deletion' }],
    bypass_actors: [],
  };
  const { id } = await admin.createRuleset(ruleset);
  await admin.updateRuleset(id as number, { ...ruleset, rules: [{ type: 'non_fast_forward' }] });
  expect(await admin.rulesets()).toEqual([{ ...ruleset, id, rules: [{ type: 'non_fast_forward' }] }]);

  host.state.secrets.add('DAGSHUB_USER_TOKEN');
  for (let i = 0; i < 31; i++) host.state.variables.set(`V${i}`, String(i));
  host.state.environments.set('robots', {
    branches: 'custom',
    policies: ['master'],
    secrets: ['PERENNIAL_APP_PRIVATE_KEY'],
    variables: {},
  });
  expect(await admin.secretNames()).toEqual(['DAGSHUB_USER_TOKEN']);
  expect(Object.keys(await admin.variables())).toHaveLength(31);
  expect(await admin.environments()).toEqual([{ name: 'robots', branches: 'custom' }]);
  expect(await admin.environmentBranches('robots')).toEqual(['master']);
  expect(await admin.environmentSecretNames('robots')).toEqual(['PERENNIAL_APP_PRIVATE_KEY']);
});

test('what a person may not do is refused with the right that is lacking', async () => {
  const reader = githubAt(
    host.home({ as: { kind: 'token', token: host.workflowToken({ metadata: 'read', issues: 'read' }) } }),
  );
  const error = await reader
    .setStatus(first, { context: 'x', state: 'success', description: '' })
    .catch((e) => e);
  expect(error).toMatchObject({ failure: 'no-right' });
  expect(error.message).toContain('statuses: write');
});
