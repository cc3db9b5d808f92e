import { Recipe, recipePath } from '../clients/recipe.ts';
import type { StageContext } from '../context.ts';
import { UsageError } from '../contracts/errors.ts';
import { TrainParams } from '../contracts/params.ts';
import { readJson } from '../files.ts';
import { modelParams, readParams } from '../params.ts';
import { REPOSITORY, workspaceAt } from '../workspace.ts';
import { type Environment, stageContext } from './environment.ts';

/** The cached stages of dvc.yaml; each is loaded only when it runs. */
const STAGES: Record<string, (context: StageContext) => Promise<unknown>> = {
  features: async (context) => (await import('../stages/features/run.ts')).features(context),
  profile: async (context) => (await import('../stages/profile/run.ts')).profile(context),
  train: async (context) => (await import('../stages/train/run.ts')).train(context),
};

/** What DVC calls; the workspace is named by the run that called DVC, else by where one stands. */
export async function stageCommand(
  environment: Environment,
  name: string,
  options: { model: string },
): Promise<void> {
  const stage = STAGES[name];
  if (!stage) {
    throw new UsageError(`there is no cached stage "${name}"; there are ${Object.keys(STAGES).join(', ')}`);
  }
  const workspace = workspaceAt(process.env.PERENNIAL_WORKSPACE ?? process.env.PERENNIAL_CWD ?? REPOSITORY);
  const params = modelParams(await readParams(workspace.root), options.model);
  const context = stageContext(environment, workspace, options.model, params);
  await stage(name === 'train' ? await asRecipeSays(context) : context);
}

/** The run may have chosen a trial's settings: the recipe, which DVC knows of, tells what is trained. */
async function asRecipeSays(context: StageContext): Promise<StageContext> {
  const { workspace, model, params } = context;
  const recipe = await readJson(recipePath(workspace, model, 'train'), Recipe);
  if (!recipe) return context;
  return { ...context, params: { ...params, train: TrainParams.parse(recipe.params.train) } };
}
