import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { GitHost } from '../../../test/servers/git-host.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { readForecasts, writeForecasts } from '../../clients/forecast-file.ts';
import { commitOnto } from '../../clients/git-objects.ts';
import { fetchRefs } from '../../clients/git-remote.ts';
import { githubAt } from '../../clients/github/github-at.ts';
import { withScratch } from '../../clients/scratch.ts';
import { treeReader } from '../../clients/tree-reader.ts';
import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import { ReviewSubmission, reviewArtifact } from '../../contracts/review.ts';
import type { Bench } from './bench.ts';
import { judge } from './judge.ts';
import { githubHome, hostOf, JudgeStory, quietEnvironment, REVIEW_DAY } from './judge-story.testing.ts';
import { openBench } from './open-bench.ts';
import { carriedOverrides } from './override.ts';
import { type ReviewRun, readEvent } from './read-event.ts';
import { zipped } from './sample-zip.testing.ts';

let story: JudgeStory;
let host: GitHost;
let pull: number;
let bench: Bench & { close(): Promise<void> };

beforeAll(async () => {
  story = await JudgeStory.make(await sharedMlflow('3'));
  process.env.PERENNIAL_MODEL_PREFIX = story.prefix;
});
afterAll(async () => {
  delete process.env.PERENNIAL_MODEL_PREFIX;
  await host?.stop();
  await story?.remove();
});
beforeEach(async () => {
  await bench?.close();
  await host?.stop();
  host = await hostOf(story);
  bench = await benchOf();
  const ada = githubAt({ ...githubHome(host), as: { kind: 'token', token: host.person('ada', 'write') } });
  ({ number: pull } = await ada.createPull({
    title: 'Another seed',
    body: '',
    head: 'feature',
    base: 'test',
  }));
});

const benchOf = (now = REVIEW_DAY) =>
  openBench(quietEnvironment(now), { homes: story.homes, github: githubHome(host), root: story.clone.root });

type Files = Map<string, Buffer>;

interface Round {
  /** Of the review's own artifact: what is changed before it is submitted. */
  change?: (submission: ReviewSubmission) => unknown;
  forecasts?: (tables: ScoredForecasts[]) => ScoredForecasts[];
  /** In place of the zip of all that; null: none. */
  zip?: ((files: Files) => Promise<Buffer>) | null;
  head?: string;
  branch?: string;
  /** Of the branch; default: the host's own. */
  repository?: string;
  attempt?: number;
  bench?: Bench;
  actor?: string;
  /** That submit the same; default: the one. */
  models?: string[];
}

/** A review that ended, and the judge's word on it. */
async function round({ change, forecasts, zip = zipped, head = story.feature, ...more }: Round = {}) {
  const run = host.addRun({
    headSha: head,
    headBranch: more.branch ?? 'feature',
    headRepo: more.repository ?? host.repository,
    attempt: more.attempt ?? 1,
    ...(more.actor && { actor: more.actor }),
  });
  const files = await story.submitted();
  if (forecasts)
    files.set('forecasts.parquet', await changedForecasts(files.get('forecasts.parquet')!, forecasts));
  const submission = ReviewSubmission.parse(JSON.parse(files.get('review.json')!.toString()));
  submission.run = { id: run.id, attempt: 1 };
  const bytes = files.get('forecasts.parquet')!;
  submission.forecasts = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  change?.(submission);
  for (const model of more.models ?? ['infections']) {
    files.set('review.json', Buffer.from(JSON.stringify({ ...submission, model })));
    if (zip) host.uploadArtifact({ run: run.id, name: reviewArtifact(model), zip: await zip(files) });
  }
  const event = await eventOf(host.payloads.workflowRun(run));
  const error = await judge(more.bench ?? bench, event).then(
    () => null,
    (cause: Error) => cause,
  );
  return { ...told(head), error };
}

async function eventOf(payload: unknown) {
  return withScratch(async (folder) => {
    await writeFile(join(folder, 'event.json'), JSON.stringify(payload));
    return readEvent(join(folder, 'event.json'));
  });
}

function told(head = story.feature) {
  const newest = (context: string) =>
    host.state.statuses.filter((status) => status.sha === head && status.context === context).at(-1);
  const comments = host.state.comments.filter(({ issue }) => issue === pull).map(({ body }) => body);
  return { status: newest('perennial'), model: newest('perennial/infections'), comments };
}

async function changedForecasts(bytes: Buffer, change: (tables: ScoredForecasts[]) => ScoredForecasts[]) {
  return withScratch(async (folder) => {
    const path = join(folder, 'forecasts.parquet');
    await writeFile(path, bytes);
    const { tables, grid } = (await readForecasts(path))!;
    await writeForecasts(path, change(tables), grid);
    return readFile(path);
  });
}

/** The challenger's forecasts moved towards the truth (share above 0) or away from it (below). */
const moved = (share: number) => (tables: ScoredForecasts[]) =>
  tables.map((table) =>
    table.model === 'challenger'
      ? {
          ...table,
          point: table.point.map((value, row) =>
            Number.isNaN(table.truth[row]) ? value : value + share * (table.truth[row] - value),
          ),
        }
      : table,
  );

/** Requests without those that only the stand-in's first answers need. */
const asked = () => host.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);

/** Models that were judged, each with a status of its own. */
const models = () => new Set(host.state.statuses.map(({ context }) => context)).size - 1;

/** At most eight for one model and a hundred comments, one more for each further hundred, two for each further model. */
const budget = (comments: number) =>
  8 + Math.max(0, Math.ceil((comments + 1) / 100) - 1) + 2 * (models() - 1);

describe('the judge', { timeout: 120_000 }, () => {
  it('recomputes what the review found, and says so in one comment and both statuses', async () => {
    const submitted = ReviewSubmission.parse(
      JSON.parse((await story.submitted()).get('review.json')!.toString()),
    );
    const before = host.requests.length;
    const { status, model, comments, error } = await round();
    expect(error).toBeNull();
    const state = submitted.promotion!.merge ? 'success' : 'failure';
    expect(status).toMatchObject({ state, author: `${host.app.slug}[bot]` });
    expect(model).toMatchObject({ state });
    expect(model?.description).toContain(submitted.promotion!.reason.slice(0, 40));
    expect(comments).toHaveLength(1);
    // Its own figures are the submitted ones: the same data, plan, champion and baselines.
    expect(comments[0]).not.toContain('recomputed');
    expect(asked().slice(before).length, asked().join('\n')).toBeLessThanOrEqual(budget(0));
  });

  it('runs as the workflow calls it', async () => {
    const run = host.addRun({ headSha: story.feature, headBranch: 'feature' });
    await withScratch(async (folder) => {
      const [event, summary] = ['event.json', 'summary.md'].map((name) => join(folder, name));
      await writeFile(event, JSON.stringify(host.payloads.workflowRun(run)));
      const { exitCode, stdout, stderr } = await story.judge(host, { event, summary });
      expect(exitCode, stderr).toBe(0);
      expect(stdout + stderr).not.toContain('PRIVATE KEY');
      expect(await readFile(summary, 'utf8')).toContain('No report');
    });
    expect(told().status).toMatchObject({ state: 'failure' });
  });

  it('says better where it is better, and pending before', async () => {
    const run = host.addRun({ headSha: story.feature, headBranch: 'feature', status: 'in_progress' });
    await judge(bench, await eventOf(host.payloads.workflowRun(run, 'requested')));
    expect(told()).toMatchObject({ status: { state: 'pending' }, comments: [] });
    const { status, model, comments } = await round({ forecasts: moved(0.7), change: silent });
    expect(status).toMatchObject({ state: 'success' });
    expect(model?.description).toMatch(/^Better/);
    expect(comments[0]).toContain('May be merged');
  });

  it('says worse where it is worse, whatever was submitted: forged metrics do not help', async () => {
    const forge = (submission: ReviewSubmission) => {
      Object.assign(submission.promotion!, { outcome: 'better', merge: true, promote: true });
      for (const model of submission.metrics!.models)
        if (model.role === 'challenger') model.overall.wape = 0.01;
    };
    const { status, model, comments } = await round({ forecasts: moved(-1), change: forge });
    expect(status?.state).toBe('failure');
    expect(model?.description).toContain('Forged');
    expect(comments[0]).toContain('recomputed it is');
  });

  it('leaves one comment, however often the same head is judged, also below 250 others', {
    timeout: 300_000,
  }, async () => {
    host.addComments(pull, 250);
    const bad = { zip: null };
    for (let attempt = 1; attempt <= 10; attempt++) await round({ ...bad, attempt });
    const ours = host.state.comments.filter(({ author }) => author === `${host.app.slug}[bot]`);
    expect(ours).toHaveLength(1);
    const again = await benchOf();
    const before = host.requests.length;
    await round({ ...bad, bench: again });
    // Three pages; and nothing is downloaded where nothing was submitted.
    expect(asked().slice(before).length, asked().slice(before).join('\n')).toBeLessThanOrEqual(
      budget(250) - models(),
    );
    await again.close();
  });

  const refusals: [string, Round, RegExp][] = [
    ['a missing artifact', { zip: null }, /No report/],
    ['what is no zip', { zip: async () => Buffer.from('nothing of the kind') }, /Broken report/],
    [
      'a report that is no JSON',
      { zip: (files) => zipped(files.set('review.json', Buffer.from('{"a"'))) },
      /Broken report/,
    ],
    [
      'a report nested a million times',
      { zip: (files) => zipped(files.set('review.json', Buffer.from('['.repeat(1_000_000)))) },
      /Broken report/,
    ],
    [
      'a report of another commit',
      {
        change: (one) => {
          one.head_sha = '1'.repeat(40);
        },
      },
      /is of the commit 111111111111/,
    ],
    [
      'a report of another run',
      {
        change: (one) => {
          one.run.id += 1;
        },
      },
      /Another report/,
    ],
    [
      'a report of another base',
      {
        change: (one) => {
          one.base_ref = 'master';
        },
      },
      /another base/,
    ],
    [
      'an old report',
      {
        change: (one) => {
          one.made_at = '2026-08-01T00:00:00Z';
        },
      },
      /hours old/,
    ],
    [
      'a report from the future',
      {
        change: (one) => {
          one.made_at = '2027-01-01T00:00:00Z';
        },
      },
      /from the future/,
    ],
    [
      'data that master never had',
      {
        change: (one) => {
          one.data_version = `${'0'.repeat(32)}.dir`;
        },
      },
      /Unknown data/,
    ],
    [
      'another champion',
      {
        change: (one) => {
          one.champion!.digest = 'f'.repeat(64);
        },
      },
      /The champion has moved/,
    ],
    [
      'no champion',
      {
        change: (one) => {
          one.champion = null;
        },
      },
      /The champion has moved/,
    ],
    [
      '“unchanged” where it is not so',
      {
        change: (one) => {
          one.state = 'unchanged';
        },
      },
      /says “unchanged”/,
    ],
    [
      '“removed” where it is not so',
      {
        change: (one) => {
          one.state = 'removed';
        },
      },
      /says “removed”/,
    ],
    [
      '“first” where it is not so',
      {
        change: (one) => {
          one.state = 'first';
        },
      },
      /says “first”/,
    ],
    [
      'a crash',
      {
        change: (one) => {
          one.state = 'crashed';
          one.reason = 'out of memory';
        },
      },
      /Crashed: out of memory/,
    ],
    [
      'a failed gate',
      {
        change: (one) => {
          one.state = 'gate-failed';
        },
      },
      /Gate failed/,
    ],
    [
      'forecasts that are not those it names',
      {
        change: (one) => {
          one.forecasts!.sha256 = '0'.repeat(64);
        },
      },
      /not those that it names/,
    ],
    [
      'forecasts that it does not bring',
      {
        change: (one) => {
          one.forecasts = null;
        },
      },
      /Forecasts are missing/,
    ],
  ];
  for (const [what, submitted, why] of refusals)
    it(`refuses ${what}`, async () => {
      const { status, model, comments, error } = await round(submitted);
      expect(error).toBeNull();
      expect(model?.description).toMatch(why);
      expect(status?.state).toBe('failure');
      expect(comments).toHaveLength(1);
    });

  it('refuses an artifact that has expired', async () => {
    host.fail({ method: 'GET', path: /artifacts\/\d+\/zip/, status: 410, times: 1 });
    const { status, model } = await round();
    expect(model?.description).toMatch(/Expired/);
    expect(status?.state).toBe('failure');
  });

  it('is never green on forecasts that were harmed, whatever was claimed', {
    timeout: 300_000,
  }, async () => {
    const nan = (share: number) => (tables: ScoredForecasts[]) =>
      challengerOf(tables, (table) => ({
        ...table,
        point: table.point.map((value, row) => (row % 10 < 10 * share ? Number.NaN : value)),
      }));
    // Rows that it forecast badly are left out.
    const easy = (tables: ScoredForecasts[]) =>
      challengerOf(tables, (table) => {
        const error = table.point.map((value, row) => Math.abs(value - table.truth[row]));
        const limit = error.toSorted()[Math.floor(error.length * 0.8)];
        return kept(table, (row) => error[row] <= limit);
      });
    const harms = [nan(1), nan(0.1), easy, moved(1), moved(-2), moved(-1e9)];
    for (const forecasts of harms) {
      const { status, model } = await round({ forecasts, change: silent });
      expect(status?.state, model?.description ?? '').toBe('failure');
    }
  });

  it('says nothing of a pull request that was closed or has moved on', async () => {
    const moment = host.state.pulls.find(({ number }) => number === pull)!;
    moment.state = 'closed';
    expect(await round({ zip: null })).toMatchObject({ comments: [], error: null, status: undefined });
  });

  it('judges none of two that are at the same commit', async () => {
    const ada = githubAt({ ...githubHome(host), as: { kind: 'token', token: host.person('ada', 'write') } });
    await ada.createPull({ title: 'The same', body: '', head: 'feature', base: 'master' });
    const { status, comments } = await round();
    expect(status).toMatchObject({
      state: 'error',
      description: expect.stringContaining('several pull requests'),
    });
    expect(comments).toEqual([]);
  });

  it('says error, and is nothing green, where the registry is away', async () => {
    const down: Bench = {
      ...bench,
      bundle: () => Promise.reject(new Error('MLflow does not answer')),
    };
    const { status, model } = await round({ bench: down });
    expect(model).toMatchObject({
      state: 'error',
      description: expect.stringContaining('MLflow does not answer'),
    });
    expect(status?.state).toBe('error');
  });

  it('says error where the remote does not have the data', async () => {
    const { status } = await round({ bench: { ...bench, remote: null } });
    expect(status).toMatchObject({ state: 'error' });
  });

  it('says which right is lacking', async () => {
    host.fail({
      method: 'GET',
      path: /actions\/runs\/\d+\/artifacts/,
      status: 403,
      body: { message: 'Resource not accessible by integration' },
      headers: { 'x-accepted-github-permissions': 'actions=read' },
    });
    const { status, error } = await round();
    expect(error?.message).toContain('actions: read');
    expect(status).toMatchObject({ state: 'error', description: expect.stringContaining('actions: read') });
  });

  it('passes what master has already, without a word', async () => {
    await story.git(
      'push',
      '--quiet',
      '--force',
      host.bare,
      'master~1:refs/heads/test',
      'master:refs/heads/sync',
    );
    const ada = githubAt({ ...githubHome(host), as: { kind: 'token', token: host.person('ada', 'write') } });
    const sync = await ada.createPull({ title: 'Sync', body: '', head: 'sync', base: 'test' });
    const { status } = await round({ head: story.master, branch: 'sync', zip: null });
    expect(status).toMatchObject({ state: 'success', target: sync.page });
  });

  it('leaves a fork pending, with the commands by which a maintainer imports it', async () => {
    const fork = await host.fork('stranger');
    await story.git('push', '--quiet', '--force', fork.bare, 'feature:refs/heads/mine');
    const theirs = githubAt({ ...githubHome(host), as: { kind: 'token', token: fork.token } });
    const { number } = await theirs.createPull({
      title: 'Mine',
      body: '',
      head: 'stranger:mine',
      base: 'test',
    });
    pull = number;
    const { status, comments } = await round({ branch: 'mine', repository: fork.repository });
    expect(status?.state).toBe('pending');
    expect(comments[0]).toContain(`git push origin import/fork-${number}`);
    expect(comments[0]).toContain('nothing of them was checked');
  });

  it('passes what changes nothing that a model depends on, and trains nothing', async () => {
    const head = await changed(story.master, { 'README.md': 'other words' }, { branch: 'words' });
    await pullOf('words', 'test');
    const { status, model } = await round({ head, branch: 'words', zip: null });
    expect(model?.description).toMatch(/^Unchanged/);
    expect(status?.state).toBe('success');
  });

  it('says too little data where the champion has learnt all of it: it may be merged', async () => {
    const path = 'reports/infections/production.json';
    const production = JSON.parse((await treeReader(story.clone.root, story.master)(path))!);
    production.train_end = '2026-09-30T23:00:00Z';
    const files = { [path]: JSON.stringify(production) };
    await changed(story.master, files, { branch: 'master' });
    const { status, model } = await round({ change: silent });
    expect(model?.description).toMatch(/^Too little data/);
    expect(status?.state).toBe('success');
  });

  it('takes a first model into master as it was trained, by its hash in dvc.lock', async () => {
    // The day of the first run: data and training are of the same day.
    const first = await story.commit('master~1');
    const path = 'reports/infections/production.json';
    const production = (await treeReader(story.clone.root, first)(path))!;
    const without = await changed(first, { [path]: null }, { branch: 'master' });
    const head = await changed(
      without,
      { [path]: production },
      { branch: 'perennial/promotion-1', robot: true },
    );
    await pullOf('perennial/promotion-1', 'master', { robot: true });
    const data = await treeReader(story.clone.root, first)('data.dvc');
    const submitted: Round = {
      head,
      branch: 'perennial/promotion-1',
      actor: robot(),
      change: (one) => {
        silent(one);
        Object.assign(one, { base_ref: 'master', head_sha: head, champion: null });
        one.data_version = /md5: (\S+)/.exec(data!)![1];
      },
    };
    const { status, model } = await round(submitted);
    expect(model?.description).toMatch(/^First model/);
    expect(status?.state).toBe('success');

    const other = JSON.stringify({ ...JSON.parse(production), digest: 'e'.repeat(64) });
    const forged = await changed(without, { [path]: other }, { branch: 'perennial/promotion-1' });
    const no = await round({
      ...submitted,
      head: forged,
      change: (one) => {
        submitted.change?.(one);
        one.head_sha = forged;
      },
    });
    expect(no.model?.description).toMatch(/^Not trained: production.json names the bundle eeee/);
    expect(no.status?.state).toBe('failure');
  });

  it('takes into master only what was trained of this code', async () => {
    const path = 'reports/infections/production.json';
    const production = JSON.parse((await treeReader(story.clone.root, story.master)(path))!);
    const files = { [path]: JSON.stringify({ ...production, digest: 'e'.repeat(64) }) };
    const head = await changed(story.feature, files, { branch: 'promotion' });
    await pullOf('promotion', 'master');
    const { status, model } = await round({
      head,
      branch: 'promotion',
      change: (one) => Object.assign(one, { base_ref: 'master', head_sha: head }),
    });
    expect(status?.state).toBe('failure');
    expect(model?.description).toMatch(/Not trained|Another test/);
  });

  it('passes data of robots by the report of their gate', async () => {
    const path = 'reports/infections/gate.json';
    const gate = JSON.parse((await treeReader(story.clone.root, story.master)(path))!);
    const branch = 'perennial/data';
    for (const passed of [true, false]) {
      const files = { [path]: JSON.stringify({ ...gate, passed, last_time: '2026-08-20T00:00:00Z' }) };
      const head = await changed(story.master, files, { branch, robot: true });
      if (passed) await pullOf(branch, 'master', { robot: true });
      const { status, model } = await round({ head, branch, zip: null, actor: robot() });
      expect(status?.state, model?.description ?? '').toBe(passed ? 'success' : 'failure');
    }
  });

  it('says until when a rate limit holds it back', async () => {
    host.fail({ method: 'GET', path: /actions\/runs\/\d+\/artifacts/, limit: 'primary', seconds: 3_600 });
    const { status, error } = await round();
    expect(error?.message).toContain('no further request until');
    expect(status).toMatchObject({
      state: 'error',
      description: expect.stringContaining('no further request until'),
    });
  });

  it('keeps to its requests with three models', async () => {
    const params = parseDocument((await treeReader(story.clone.root, story.feature)('params.yaml'))!);
    for (const name of ['one', 'two']) params.setIn(['models', name], params.getIn(['models', 'infections']));
    const head = await changed(story.feature, { 'params.yaml': params.toString() }, { branch: 'feature' });
    const before = host.requests.length;
    const { model } = await round({
      head,
      models: ['infections', 'one', 'two'],
      change: (one) => Object.assign(one, { head_sha: head }),
    });
    expect(model).toBeDefined();
    expect(models()).toBe(3);
    expect(asked().slice(before).length, asked().join('\n')).toBeLessThanOrEqual(budget(0));
  });

  it('takes an override of the App, and no other', async () => {
    const text = overrideText(story.feature);
    // Signed with a key of their own, and the App's by its author's name only.
    const plain = await changed(story.feature, { [OVERRIDE]: text }, { branch: 'feature' });
    const forged = await withAuthor(plain, { author: robot(), committer: 'mallory' });
    host.state.signed.add(forged);
    const no = await round({ head: forged, zip: null, actor: robot() });
    expect(no.status?.state).toBe('failure');
    expect(no.model?.description).toMatch(/No report/);

    await story.git('push', '--quiet', '--force', host.bare, 'feature:refs/heads/feature');
    const { commit } = await bench.github.putFile(OVERRIDE, {
      branch: 'feature',
      content: text,
      message: 'override',
    });
    const pushedByAnother = await round({ head: commit, zip: null, actor: 'mallory' });
    expect(pushedByAnother.status?.state).toBe('failure');
    const yes = await round({ head: commit, zip: null, actor: robot() });
    expect(yes.model?.description).toMatch(/^Overridden by jane: jane overrides it: it snowed/);
    expect(yes.status?.state).toBe('success');
    expect(yes.comments).toHaveLength(1);
  });

  it('takes an override along into master where it was accepted before', async () => {
    const { commit } = await bench.github.putFile(OVERRIDE, {
      branch: 'feature',
      content: overrideText(story.feature),
      message: 'override',
    });
    await fetchRefs(await bench.git(), [commit]);
    const commits = async () => ({
      head: await candidate(),
      base: story.master,
      from: story.master,
      master: story.master,
    });
    const candidate = () =>
      changed(commit, { 'reports/infections/note.md': 'a' }, { branch: 'perennial/candidate', robot: true });
    const at = await commits();
    await pullOf('perennial/candidate', 'master', { robot: true });
    const [found] = await bench.github.openPulls({ base: 'master' });
    const about = {
      pull: { ...found, into: 'master' as const, fork: false },
      run: { actor: robot() } as ReviewRun,
    };
    expect(await carriedOverrides(bench, at, about)).toEqual(new Map());
    await bench.github.setStatus(commit, {
      context: 'perennial/infections',
      state: 'success',
      description: 'Overridden by jane',
    });
    expect((await carriedOverrides(bench, at, about)).get('infections')).toEqual({
      model: 'infections',
      by: 'jane',
      why: 'it snowed',
    });
    const byAnother = { ...about, run: { actor: 'mallory' } as ReviewRun };
    expect(await carriedOverrides(bench, at, byAnother)).toEqual(new Map());
  });
});

const robot = () => `${host.app.slug}[bot]`;
const OVERRIDE = 'reports/infections/history/2026-08-29T23-00-00-000Z-override.json';
const overrideText = (commit: string) =>
  JSON.stringify({
    at: REVIEW_DAY,
    kind: 'override',
    by: 'jane',
    from: null,
    to: null,
    why: 'it snowed',
    commit,
    pull_request: pull,
  });

/** A commit of files on a branch of the host; null takes one away. */
async function changed(
  base: string,
  files: Record<string, string | null>,
  { branch, robot: byRobot = false }: { branch: string; robot?: boolean },
): Promise<string> {
  const name = byRobot ? robot() : 'ada';
  const { id } = host.state.account(name);
  const author = { name, email: `${id}+${name}@users.noreply.github.com` };
  const made = { base, files: new Map(Object.entries(files)), message: 'change', author };
  const sha = (await commitOnto(story.clone.root, { ...made, at: new Date(REVIEW_DAY) }))!;
  await story.git('push', '--quiet', '--force', host.bare, `${sha}:refs/heads/${branch}`);
  return sha;
}

/** The same commit with other names on it. */
async function withAuthor(sha: string, { author, committer }: { author: string; committer: string }) {
  const email = (login: string) => `${host.state.account(login).id}+${login}@users.noreply.github.com`;
  const { stdout } = await execa('git', ['commit-tree', `${sha}^{tree}`, '-p', `${sha}^`, '-m', 'override'], {
    cwd: story.clone.root,
    env: {
      GIT_AUTHOR_NAME: author,
      GIT_AUTHOR_EMAIL: email(author),
      GIT_COMMITTER_NAME: committer,
      GIT_COMMITTER_EMAIL: email(committer),
    },
  });
  await story.git('push', '--quiet', '--force', host.bare, `${stdout}:refs/heads/feature`);
  return stdout;
}

async function pullOf(head: string, base: string, { robot: byRobot = false } = {}): Promise<void> {
  const token = { kind: 'token' as const, token: host.person('ada', 'write') };
  const who = byRobot ? bench.github : githubAt({ ...githubHome(host), as: token });
  ({ number: pull } = await who.createPull({ title: head, body: '', head, base }));
}

function challengerOf(tables: ScoredForecasts[], change: (table: ScoredForecasts) => ScoredForecasts) {
  return tables.map((table) => (table.model === 'challenger' ? change(table) : table));
}

function kept(table: ScoredForecasts, keep: (row: number) => boolean): ScoredForecasts {
  const rows = Array.from(table.tract.keys()).filter(keep);
  return {
    ...table,
    tract: Int32Array.from(rows, (row) => table.tract[row]),
    cutoff: Int32Array.from(rows, (row) => table.cutoff[row]),
    horizon: Uint8Array.from(rows, (row) => table.horizon[row]),
    point: Float64Array.from(rows, (row) => table.point[row]),
    truth: Float64Array.from(rows, (row) => table.truth[row]),
    quantiles: Float64Array.from(
      rows.flatMap((row) =>
        Array.from(table.quantiles.subarray(row * LEVELS.length, (row + 1) * LEVELS.length)),
      ),
    ),
  };
}

/** A submission without a verdict of its own: only the judge's counts. */
function silent(submission: ReviewSubmission): void {
  submission.promotion = null;
  submission.metrics = null;
}
