import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPortal } from '../../pipeline/simulator/portal.ts';
import { sharedMlflow } from '../servers/shared-mlflow.ts';
import { SMALL } from '../stories/clone.ts';
import type { Finished } from './actions.ts';
import { canAct, Stage } from './stage.ts';

const LIMIT_MS = 15 * 60_000;

/** The robots' workflows, each started by what the one before has left on the host. */
describe.skipIf(!(await canAct()))('etl, sync, candidate and conversation', { timeout: LIMIT_MS }, () => {
  let stage: Stage;
  let folder: string;
  const promotion = () =>
    stage.host.state.pulls.find(({ head }) => head.ref.startsWith('perennial/promotion-'));

  beforeAll(async () => {
    const mlflow = await sharedMlflow('3');
    folder = await mkdtemp(join(tmpdir(), 'perennial-robots-'));
    const prefix = `robots-${process.pid}-`;
    stage = await Stage.set(
      { 'data.dvc': null, 'dvc.lock': null, reports: null },
      {
        params: (yaml) => {
          const source = { urls: [join(folder, 'cases.csv')], expected_every: '1d' };
          yaml.setIn(['models', 'infections', 'source'], source);
          yaml.setIn(['models', 'infections', 'gate'], { max_age: '4000d' });
        },
        secrets: {
          MLFLOW_TRACKING_URI: mlflow.url,
          PERENNIAL_REMOTE: join(folder, 'remote'),
          ...(mlflow.username && {
            MLFLOW_TRACKING_USERNAME: mlflow.username,
            MLFLOW_TRACKING_PASSWORD: mlflow.password ?? '',
          }),
        },
        env: { PERENNIAL_MODEL_PREFIX: prefix, MLFLOW_EXPERIMENT_NAME: `${prefix}infections` },
      },
    );
    const portal = await startPortal({ ...SMALL, day: 0 });
    await writeFile(join(folder, 'cases.csv'), await (await fetch(portal.url)).text());
    await portal.close();
  }, LIMIT_MS);
  afterAll(async () => {
    await stage?.end();
    await rm(folder, { recursive: true, force: true });
  });

  it('collects, trains and proposes: one pull request that only touches what robots may', async () => {
    stage.actions.onlyWorkflows([]);
    const run = await stage.actions.schedule('etl.yml');
    expect(results(run), run.log).toEqual({
      collect: 'success',
      trials: 'skipped',
      train: 'success',
      propose: 'success',
    });
    expect(stage.host.state.artifacts.map(({ name }) => name)).toEqual([
      'perennial-etl-collect',
      'perennial-etl-train-infections',
    ]);
    expect(promotion()).toMatchObject({
      state: 'open',
      author: 'perennial-acme[bot]',
      base: { ref: 'master' },
    });
    const files = (await stage.api('GET', `/pulls/${promotion()!.number}/files`)) as { filename: string }[];
    for (const { filename } of files) expect(filename).toMatch(/^(data\.dvc|dvc\.lock|reports\/)/);
    expect(run.jobs.find(({ id }) => id === 'collect')?.summary).toContain('infections');
  });

  it('does nothing where nothing is new', async () => {
    const pulls = stage.host.state.pulls.length;
    const run = await stage.actions.dispatch('etl.yml', { model: 'infections' });
    expect(results(run), run.log).toEqual({
      collect: 'success',
      trials: 'skipped',
      train: 'skipped',
      propose: 'skipped',
    });
    expect(stage.host.state.pulls).toHaveLength(pulls);
  });

  it('releases a merged promotion and brings master back into the branches below', async () => {
    // What goes back into `test` is reviewed there: sync waits for that word.
    stage.actions.onlyWorkflows([
      'release.yml',
      'sync.yml',
      'candidate.yml',
      'model-review.yml',
      'model-review-comment.yml',
    ]);
    await stage.api('PUT', `/pulls/${promotion()!.number}/merge`, { merge_method: 'merge' });
    const runs = await stage.actions.idle();
    const sync = runs.find(({ workflow }) => workflow === 'sync.yml')!;
    expect(results(sync), sync.log).toEqual({ sync: 'success' });
    const release = runs.find(({ workflow }) => workflow === 'release.yml')!;
    // IMAGE_REGISTRY is none here: test/release builds images.
    expect(results(release), release.log).toMatchObject({
      build: 'success',
      verify: 'skipped',
      publish: 'success',
    });
    expect(stage.host.state.releases.map(({ tag, draft }) => ({ tag, draft }))).toEqual([
      { tag: 'v1.0.0', draft: false },
    ]);
    expect(await stage.read('test', 'reports/infections/production.json')).toContain('"v0001"');
    expect(await stage.read('dev', 'reports/infections/production.json')).toContain('"v0001"');
    // What came back into `test` changed no model of it: nothing is trained.
    const candidate = runs.find(({ workflow }) => workflow === 'candidate.yml');
    if (candidate) expect(results(candidate)).toMatchObject({ plan: 'success', train: 'skipped' });
  });

  it('answers a word in the conversation, once', async () => {
    stage.actions.onlyWorkflows(['conversation.yml']);
    await stage.push('feature/words', 'test', { 'notes.md': 'a note\n' });
    const number = await stage.open('feature/words', 'test');
    await stage.api('POST', `/issues/${number}/comments`, { body: 'looks good' });
    await stage.api('POST', `/issues/${number}/comments`, { body: '/perennial help' });
    const runs = await stage.actions.idle();
    expect(runs.map((run) => results(run).reply).sort()).toEqual(['skipped', 'skipped', 'success']);
    const robot = stage.host.state.comments.filter(
      ({ issue, author }) => issue === number && author.endsWith('[bot]'),
    );
    expect(robot).toHaveLength(1);
    expect(robot[0].body).toContain('/perennial retrain');
  });
});

const results = (run: Finished) => Object.fromEntries(run.jobs.map(({ id, result }) => [id, result]));
