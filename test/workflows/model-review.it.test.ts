import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finished } from './actions.ts';
import { canAct, Stage } from './stage.ts';

describe.skipIf(!(await canAct()))('model-review and model-review-comment', () => {
  let stage: Stage;
  beforeAll(async () => {
    // As a repository has them that is at home somewhere: what a run prints of them is hidden.
    stage = await Stage.set({}, { secrets: { PERENNIAL_REMOTE_PASSWORD: 'a-password-of-the-remote' } });
  });
  afterAll(() => stage?.end());

  const told = (runs: Finished[]) =>
    runs.map(({ workflow, result, jobs }) => [
      workflow,
      result,
      ...jobs.map(({ id, result }) => `${id}: ${result}`),
    ]);

  it('passes a pull request that leaves the models alone, trains nothing, and says so once', async () => {
    const sha = await stage.push('feature/words', 'test', { 'notes.md': 'a note\n' });
    const number = await stage.open('feature/words', 'test');
    stage.actions.onlyWorkflows(['model-review.yml', 'model-review-comment.yml']);
    const runs = await stage.actions.idle();
    expect(told(runs)).toEqual([
      ['model-review-comment.yml', 'success', 'judge: success'],
      ['model-review.yml', 'success', 'plan: success', 'review: success', 'reviewed: success'],
      ['model-review-comment.yml', 'success', 'judge: success'],
    ]);
    const [, review] = runs;
    expect(review.jobs.find(({ id }) => id === 'plan')?.summary).toContain('infections');
    expect(stage.host.state.artifacts.map(({ name }) => name)).toEqual(['perennial-review-infections']);
    expect(stage.status(sha)).toMatchObject({ state: 'success' });
    expect(stage.comments(number)).toHaveLength(1);
  });
});
