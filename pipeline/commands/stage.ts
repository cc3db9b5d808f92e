import type { StageContext } from '../context.ts';
import { UsageError } from '../contracts/errors.ts';
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
  await stage(stageContext(environment, workspace, options.model, params));
}
