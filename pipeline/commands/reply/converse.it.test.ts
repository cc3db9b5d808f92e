import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GitHost } from '../../../test/servers/git-host.ts';
import { git } from '../../clients/git.ts';
import { commitOnto, resolveCommit } from '../../clients/git-objects.ts';
import { fetchRefs, gitUrl, pushBranch, type Remote } from '../../clients/git-remote.ts';
import type { Github } from '../../clients/github/github.ts';
import { githubAt } from '../../clients/github/github-at.ts';
import { treeReader } from '../../clients/tree-reader.ts';
import { HistoryEntry } from '../../contracts/promotion.ts';
import { parseParams } from '../../params.ts';
import type { Environment } from '../environment.ts';
import { converse } from './converse.ts';
import { readEvent } from './read-event.ts';

let host: GitHost;
let folder: string;
let root: string;
let github: Github;
let first: string;
let remote: Remote;
let said: string[] = [];

const environment = {
  run: 'test',
  console: { say: (line: string) => void said.push(line), print: () => {}, progress: null },
  log: pino({ level: 'silent' }),
  now: () => new Date('2026-07-01T06:17:00Z'),
  signal: new AbortController().signal,
} as unknown as Environment;

const PARAMS = `
promotion: { mode: pull-request }
models:
  infections:
    task: forecast
    source: { urls: [https://example.org/x.csv], expected_every: 1d, timezone: Europe/Rome }
    target: new_cases
`;

beforeAll(async () => {
  host = await GitHost.start();
  folder = await mkdtemp(join(tmpdir(), 'converse-'));
  root = join(folder, 'clone');
  const home = host.home();
  github = githubAt(home);
  await git(folder, ['init', '--quiet', '--initial-branch=master', 'clone']);
  await git(root, ['config', 'user.name', 'jane']);
  await git(root, ['config', 'user.email', 'jane@example.org']);
  await git(root, ['commit', '--quiet', '--allow-empty', '-m', 'first']);
  first = (await resolveCommit(root, 'HEAD')) as string;
  remote = { root, url: gitUrl(home), token: await github.gitToken() };
  for (const branch of ['master', 'test']) await pushBranch(remote, { branch });
  for (const file of ['etl.yml', 'model-review.yml']) host.addWorkflow(file);
  host.person('jane', 'write');
  host.person('guest', 'read');
  await host.settle();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await host.stop();
});
beforeEach(() => {
  said = [];
});

/** A commit on top of the first. */
async function changed(author: string, path: string): Promise<string> {
  const made = await commitOnto(root, {
    base: first,
    files: new Map([[path, 'x']]),
    message: path,
    author: { name: author, email: `${author}@example.org` },
    at: new Date('2026-07-01T00:00:00Z'),
  });
  return made as string;
}

let branches = 0;
async function pull(base = 'test'): Promise<{ number: number; sha: string; ref: string }> {
  const ref = `feature-${branches++}`;
  const sha = await changed('jane', `${ref}.txt`);
  await pushBranch(remote, { branch: ref, commit: sha });
  const { number } = await github.createPull({ title: ref, body: '', head: ref, base });
  return { number, sha, ref };
}

/** A comment, as the host tells of it. */
async function say(issue: number, body: string, author = 'jane', action: 'created' | 'edited' = 'created') {
  const at = host.state.now();
  const id = host.state.nextId();
  host.state.comments.push({
    id,
    issue,
    author,
    app: null,
    body,
    createdAt: at,
    updatedAt: at,
    reactions: [],
  });
  const event = join(folder, 'event.json');
  await writeFile(event, JSON.stringify(host.payloads.issueComment(id, action)));
  const conversation = await readEvent(event);
  await converse(environment, conversation, async () => ({
    github,
    params: async () => parseParams(PARAMS),
    explain: async (tract) => ({ text: `of ${tract}`, reaction: '+1' }),
  }));
  return { id, conversation };
}

const answers = (issue: number) =>
  host.state.comments.filter((one) => one.issue === issue && one.author.endsWith('[bot]'));
const lastAnswer = (issue: number) => answers(issue).at(-1)?.body ?? '';
const reactions = (id: number) =>
  host.state.comments.find((one) => one.id === id)?.reactions.map(({ content }) => content);

const judged = (sha: string, states: Record<string, 'success' | 'failure' | 'pending' | 'error'>) =>
  Promise.all(
    Object.entries(states).map(([model, state]) =>
      github.setStatus(sha, { context: `perennial/${model}`, state, description: 'x' }),
    ),
  );

test('help is answered once, however often the workflow runs', async () => {
  const { number } = await pull();
  const { id, conversation } = await say(number, '/perennial help\nplease');
  expect(lastAnswer(number)).toContain(`<!-- perennial:reply ${id} -->`);
  expect(lastAnswer(number)).toContain('`/perennial promote --override "reason"`');
  expect(reactions(id)).toEqual(['eyes', '+1']);
  await converse(environment, conversation, async () => ({
    github,
    params: async () => parseParams(PARAMS),
    explain: async () => ({ text: '', reaction: '+1' }),
  }));
  expect(answers(number)).toHaveLength(1);
  expect(said.at(-1)).toContain('has its answer already');
});

test('leaves alone what is not for it: without a request', async () => {
  const { number } = await pull();
  const before = github.requests();
  await say(number, 'nice work');
  await say(number, '/perennial help', 'other[bot]');
  await say(number, '/perennial help', 'jane', 'edited');
  expect(github.requests()).toBe(before);
  expect(said.filter((line) => line.startsWith('nothing to answer'))).toHaveLength(3);
});

test('people without write access get words and nothing else', async () => {
  const { number, sha } = await pull();
  await judged(sha, { infections: 'failure' });
  for (const author of ['guest', 'stranger']) {
    const { id } = await say(number, '/perennial promote --override "please"', author);
    expect(lastAnswer(number)).toContain('for people with write access');
    expect(reactions(id)).toEqual(['eyes', 'confused']);
  }
  expect(await github.pullFiles(number)).toHaveLength(1);
});

test('what is only nearly a command is answered in words', async () => {
  const { number } = await pull();
  await say(number, '/perennial promote --override <!-- @everyone');
  expect(lastAnswer(number)).toContain('straight quotes');
  expect(lastAnswer(number)).not.toMatch(/<!-- @|@everyone/);
});

test('retrain: the review of the newest commit runs again', async () => {
  const { number, sha } = await pull();
  await say(number, '/perennial retrain');
  expect(lastAnswer(number)).toContain('has no run of `model-review.yml`');
  const run = host.addRun({ headSha: sha, conclusion: 'failure' });
  await say(number, '/perennial retrain');
  expect(lastAnswer(number)).toContain(`runs again: ${host.serverUrl}/acme/perennial/actions/runs/${run.id}`);
  expect(host.state.runs.find(({ id }) => id === run.id)?.attempt).toBe(2);
  run.status = 'in_progress';
  await say(number, '/perennial retrain');
  expect(lastAnswer(number)).toContain('is running already');
  await say(number, '/perennial retrain infections');
  expect(lastAnswer(number)).toContain('say `/perennial retrain` alone');
  await github.updatePull(number, { state: 'closed' });
  await say(number, '/perennial retrain');
  expect(lastAnswer(number)).toContain('is closed');
});

test('retrain in an issue: data and training run on the default branch', async () => {
  const { number } = await github.createIssue({ title: 'the gate stopped', body: '' });
  await say(number, '/perennial retrain italy');
  expect(lastAnswer(number)).toContain('no active model `italy`; there is `infections`');
  await say(number, '/perennial retrain infections');
  const dispatched = host.events.filter(({ name }) => name === 'workflow_dispatch');
  expect(dispatched).toMatchObject([
    { payload: { ref: 'refs/heads/master', inputs: { model: 'infections', train: 'true' } } },
  ]);
  await say(number, '/perennial promote --override "x"');
  expect(lastAnswer(number)).toContain('belongs into the pull request');
  await say(number, '/perennial explain 42003');
  expect(lastAnswer(number)).toContain('of 42003');
});

test('an override is one commit of the App that names what it lets through', async () => {
  const { number, sha, ref } = await pull();
  await judged(sha, { infections: 'failure', mobility: 'success' });
  const why = 'the week of the strike is "worse" in truth';
  const { id } = await say(number, `/perennial promote --override "${why.replaceAll('"', '”')}"`);
  const head = await github.branch(ref);
  await fetchRefs(remote, [head?.sha as string]);
  const path = 'reports/infections/history/2026-07-01T06-17-00-000Z-override.json';
  expect(await github.commit(head?.sha as string)).toMatchObject({
    author: 'perennial-acme[bot]',
    verified: true,
    parents: [sha],
    files: [path],
  });
  expect(HistoryEntry.parse(JSON.parse((await treeReader(root, head?.sha as string)(path)) ?? ''))).toEqual({
    at: '2026-07-01T06:17:00.000Z',
    kind: 'override',
    by: 'jane',
    from: null,
    to: null,
    why: why.replaceAll('"', '”'),
    commit: sha,
    pull_request: number,
  });
  expect(lastAnswer(number)).toContain('**`infections` is overridden** by jane');
  expect(lastAnswer(number)).toContain('The approval of a reviewer is still needed');
  expect(reactions(id)).toEqual(['eyes', 'rocket']);
  // The host tells of it, so the review runs again.
  expect(host.events).toContainEqual(
    expect.objectContaining({
      name: 'pull_request',
      startsWorkflows: true,
      payload: expect.objectContaining({ action: 'synchronize', number }),
    }),
  );
  await say(number, '/perennial promote --override "once more"');
  expect(lastAnswer(number)).toContain('is an override already');
  expect(await github.branch(ref)).toEqual(head);
});

test('where nothing is blocked, or too much, nothing is written', async () => {
  const { number, sha, ref } = await pull();
  const cases: [Record<string, 'success' | 'failure' | 'pending' | 'error'>, string, string][] = [
    [{}, '', 'has been judged yet'],
    [{ infections: 'pending', mobility: 'failure' }, '', 'still running'],
    [{ infections: 'success', mobility: 'success' }, '', 'Nothing of this pull request is blocked'],
    [{ infections: 'error' }, '', 'judgement itself failed'],
    [{ infections: 'failure', mobility: 'success' }, 'mobility ', '`mobility` is not blocked'],
    [{ infections: 'failure' }, 'other ', 'has no model `other`'],
    [{ infections: 'failure', mobility: 'failure' }, 'mobility ', '2 models are blocked'],
  ];
  for (const [states, model, answer] of cases) {
    await judged(sha, states);
    await say(number, `/perennial promote ${model}--override "why"`);
    expect(lastAnswer(number)).toContain(answer);
  }
  expect(await github.branch(ref)).toEqual({ sha });
});

test('a fork and a branch that is not for single files are refused', async () => {
  await pushBranch(remote, { branch: 'test', commit: await changed('jane', 't.txt') });
  const { number } = await github.createPull({ title: 'x', body: '', head: 'test', base: 'master' });
  await say(number, '/perennial promote --override "why"');
  expect(lastAnswer(number)).toContain('Its branch is `test`');

  const fork = await host.fork('zoe');
  const there = { root, url: `${host.serverUrl}/${fork.repository}.git`, token: fork.token };
  const sha = await changed('zoe', 'f.txt');
  await pushBranch(there, { branch: 'mine', commit: sha });
  const forked = await github.createPull({ title: 'f', body: '', head: 'zoe:mine', base: 'test' });
  await judged(sha, { infections: 'failure' });
  await say(forked.number, '/perennial promote --override "why"');
  expect(lastAnswer(forked.number)).toContain('comes from a fork');
});

test('what cannot be done is answered with the reason, and ends the command', async () => {
  const { number, sha } = await pull();
  await judged(sha, { infections: 'failure' });
  host.fail({ method: 'GET', path: /\/statuses$/, status: 404 });
  await expect(say(number, '/perennial promote --override "why"')).rejects.toMatchObject({
    failure: 'not-found',
  });
  expect(lastAnswer(number)).toContain('That could not be done');
});

test('a file that is no event is told as such', async () => {
  const path = join(folder, 'broken.json');
  await writeFile(path, '{"action":"created"}');
  await expect(readEvent(path)).rejects.toThrow('is no event of a comment');
  await expect(readEvent(undefined)).rejects.toThrow('GITHUB_EVENT_PATH is not set');
});
