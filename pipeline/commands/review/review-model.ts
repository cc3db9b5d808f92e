import { git } from '../../clients/git.ts';
import { prepareWorkspace } from '../../clients/workspace.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { Homes } from '../../contracts/homes.ts';
import { type ModelInputs, modelInputsAt, paramsAt, sameInputs, sameSource } from '../../model-inputs.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { homesHere } from './homes-here.ts';
import type { ReviewRequest } from './request.ts';
import type { Finding } from './submission.ts';

/** What a pull request makes of one model. Nothing is registered, promoted, pushed or written into the history.
 *  @throws PerennialError where it cannot be found out */
export async function reviewModel(
  environment: Environment,
  model: string,
  request: ReviewRequest,
  given?: Homes,
): Promise<Finding> {
  const head = await modelInputsAt(REPOSITORY, request.head, model);
  const before = await inputsBefore(environment, model, request);
  if (!head) {
    if (before) return { state: 'removed', reason: 'params.yaml has no entry of this model any more' };
    throw new UsageError(`neither ${request.into} nor the pull request has a model "${model}"`);
  }
  const production = request.into === 'master';
  if (before && sameInputs(before, head, { production }))
    return {
      state: 'unchanged',
      reason: 'nothing that it is made of was changed: there is nothing to train',
    };
  await refuseOtherSource(model, head, request);
  await refuseOtherWorkTree(request);
  const workspace = await prepareWorkspace({ mode: 'pull-request', signal: environment.signal });
  const homes = given ?? (await homesHere());
  const subject = { workspace, model, params: head.params, request, homes };
  // What trains and scores takes seconds to load: most pull requests change no model.
  if (production) {
    const { reviewPromotion } = await import('./review-promotion.ts');
    return await reviewPromotion(environment, { ...subject, before, head });
  }
  const { reviewRecipe } = await import('./review-recipe.ts');
  return await reviewRecipe(environment, subject);
}

/** @returns null for a new model, and where that commit's code cannot be followed: then it is not the same */
async function inputsBefore(
  { log }: Environment,
  model: string,
  { from }: ReviewRequest,
): Promise<ModelInputs | null> {
  return await modelInputsAt(REPOSITORY, from, model).catch((error) => {
    log.warn({ err: error, from }, 'what the pull request started from cannot be read');
    return null;
  });
}

/** @throws UsageError where the same name stands for another source than on `master` */
async function refuseOtherSource(model: string, head: ModelInputs, { trunk }: ReviewRequest): Promise<void> {
  const { models } = await paramsAt(REPOSITORY, trunk).catch(() => ({ models: {} }));
  const there = Object.hasOwn(models, model) ? models[model as keyof typeof models] : null;
  if (!there || sameSource((there as ModelInputs['params']).source, head.params.source)) return;
  throw new UsageError(
    `a comparison across different sources is refused: ${model} has another source on master; give it another name`,
    {
      hint: 'give the new source an entry of its own under `models:` in params.yaml',
    },
  );
}

/** What is trained is the code that lies here: it must be the one that is asked about. */
async function refuseOtherWorkTree({ head }: ReviewRequest): Promise<void> {
  const here = (await git(REPOSITORY, ['rev-parse', 'HEAD'])).stdout.trim();
  if (here === head) return;
  throw new UsageError(
    `the work tree is at ${here.slice(0, 12)}, the review is of ${head.slice(0, 12)}: check that out`,
    {
      hint: 'in a workflow check out github.event.pull_request.head.sha, for by itself it takes a merge with the base',
    },
  );
}
