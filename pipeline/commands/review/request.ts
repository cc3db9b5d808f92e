import { mergeBase, resolveCommit } from '../../clients/git-objects.ts';
import { UsageError } from '../../contracts/errors.ts';
import { ModelName, Sha1 } from '../../contracts/review.ts';
import { REPOSITORY } from '../../workspace.ts';

export interface ReviewRequest {
  into: 'test' | 'master';
  /** Newest commit of that branch. */
  base: string;
  /** Newest commit of the pull request. */
  head: string;
  /** Where both come from: what base has seen since is no change of this pull request. */
  from: string;
  /** Newest commit of `master` that is known here: whose data are learnt from, and whose champion is compared with. */
  trunk: string;
}

/** @throws UsageError */
export async function readRequest(
  options: { into: string; base: string; head: string },
  root = REPOSITORY,
): Promise<ReviewRequest> {
  const { into, base, head } = options;
  if (into !== 'test' && into !== 'master') {
    throw new UsageError(`--into ${into}: models are reviewed on their way into test and master`);
  }
  const commits = Object.entries({ base, head });
  for (const [name, sha] of commits) {
    if (!Sha1.safeParse(sha).success)
      throw new UsageError(`--${name} ${sha}: expected a whole commit id of 40 digits`);
  }
  for (const [name, sha] of commits) {
    if ((await resolveCommit(root, sha)) !== sha)
      throw new UsageError(`--${name} ${sha}: this clone has no such commit`, { hint: WHOLE_CLONE });
  }
  const from = await mergeBase(root, base, head);
  if (from === null) {
    throw new UsageError(`${head.slice(0, 12)} and ${into} come from no common commit`, {
      hint: WHOLE_CLONE,
    });
  }
  // `test` gets what `master` has only with the next sync; whose verdict counts compares with `master`.
  const master = into === 'master' ? base : await resolveCommit(root, 'refs/remotes/origin/master');
  return { into, base, head, from, trunk: master ?? base };
}

const WHOLE_CLONE = 'check the repository out with all its history: `fetch-depth: 0`';

/** @throws UsageError */
export function readModelName(model: string): string {
  if (ModelName.safeParse(model).success) return model;
  throw new UsageError(`${JSON.stringify(model)} is no name of a model`);
}

/** Which workflow run this is; zeros and ones on a machine that is none. */
export function workflowRun(env: NodeJS.ProcessEnv = process.env): { id: number; attempt: number } {
  const number = (text: string | undefined, least: number) => Math.max(least, Math.trunc(Number(text)) || 0);
  return { id: number(env.GITHUB_RUN_ID, 0), attempt: number(env.GITHUB_RUN_ATTEMPT, 1) };
}
