import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finished } from './actions.ts';
import { canAct, Stage } from './stage.ts';

/** Several jobs a test, and the machine has other things to do. */
const LIMIT_MS = 10 * 60_000;
const PASSWORD = 'a-password-of-the-remote';

describe.skipIf(!(await canAct()))('model-review and model-review-comment', { timeout: LIMIT_MS }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set({}, { secrets: { PERENNIAL_REMOTE_PASSWORD: PASSWORD } });
    stage.actions.onlyWorkflows(['model-review.yml', 'model-review-comment.yml']);
  }, LIMIT_MS);
  afterAll(() => stage?.end());

  it('passes a pull request that leaves the models alone, trains nothing, and says so once', async () => {
    const sha = await stage.push('feature/words', 'test', { 'setup/run.mjs': await curious() });
    const number = await stage.open('feature/words', 'test');
    const runs = await stage.actions.idle();
    expect(told(runs)).toEqual([
      ['model-review-comment.yml', 'success', 'judge: success'],
      ['model-review.yml', 'success', 'plan: success', 'review: success', 'reviewed: success'],
      ['model-review-comment.yml', 'success', 'judge: success'],
    ]);
    expect(runs[1].jobs.find(({ id }) => id === 'plan')?.summary).toContain('infections');
    expect(stage.host.state.artifacts.map(({ name }) => name)).toEqual(['perennial-review-infections']);
    expect(stage.status(sha)).toMatchObject({ state: 'success' });
    expect(stage.host.state.statusesOf(sha).find(({ state }) => state === 'pending')?.context).toBe(
      'perennial',
    );
    expect(stage.comments(number)).toHaveLength(1);
    expect(stage.comments(number)[0]).toContain('Unchanged');
    const seen = (id: string) => runs[1].jobs.find((job) => job.id === id)?.log;
    expect(seen('plan')).toContain('a password of 0 letters');
    expect(seen('review')).toContain(`a password of ${PASSWORD.length} letters`);
  });

  it('submits also where the review fails, and lets the judge say so', async () => {
    // A source of its own under a name that master has: refused before anything is trained.
    const params = (await stage.read('test', 'params.yaml')).replace(/seed: \d+/, 'seed: 77');
    const sha = await stage.push('feature/source', 'test', { 'params.yaml': params });
    const number = await stage.open('feature/source', 'test');
    const runs = await stage.actions.idle();
    const review = runs.find(({ workflow }) => workflow === 'model-review.yml')!;
    expect(review.jobs.find(({ id }) => id === 'review')?.steps.at(-1)).toMatchObject({ result: 'success' });
    expect(runs.at(-1)).toMatchObject({ workflow: 'model-review-comment.yml' });
    expect(stage.status(sha)?.state).toMatch(/^(failure|error)$/);
    expect(stage.comments(number)).toHaveLength(1);
  });

  it("runs a fork's code without any secret, and leaves it pending for a maintainer", async () => {
    const stranger = await stage.host.fork('stranger');
    const sha = await stage.pushTo(stranger, 'gift', 'test', { 'setup/run.mjs': await curious() });
    await stage.open('stranger:gift', 'test', stranger.token);
    const runs = await stage.actions.idle();
    const review = runs.find(({ workflow }) => workflow === 'model-review.yml')!;
    expect(review.run.headRepo).toBe('stranger/perennial');
    expect(review.jobs.find(({ id }) => id === 'review')?.log).toContain('a password of 0 letters');
    expect(review.log).not.toMatch(/a password of [1-9]/);
    expect(stage.status(sha)?.state).toBe('pending');
  });

  /** Code of a pull request that looks around; act hides the secret itself. */
  async function curious(): Promise<string> {
    const look =
      "console.log('a password of', (process.env.PERENNIAL_REMOTE_PASSWORD ?? '').length, 'letters');";
    return `${await stage.read('test', 'setup/run.mjs')}${look}\n`;
  }
});

const told = (runs: Finished[]) =>
  runs.map(({ workflow, result, jobs }) => [
    workflow,
    result,
    ...jobs.map(({ id, result }) => `${id}: ${result}`),
  ]);
