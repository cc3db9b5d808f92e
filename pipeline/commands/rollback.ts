import { commitWorkspace, lockWorkspace, prepareWorkspace } from '../clients/workspace.ts';
import { modelParams, readParams } from '../params.ts';
import { rollback } from '../stages/register/rollback.ts';
import { REPOSITORY } from '../workspace.ts';
import { type Environment, stageContext } from './environment.ts';
import { openOutside, whoPromotes } from './outside.ts';

/** `perennial rollback`: the champion's predecessor becomes champion again, and the history says why. */
export async function rollbackCommand(
  environment: Environment,
  model: string,
  options: { to?: string; why: string },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  const entry = modelParams(params, model);
  const workspace = await prepareWorkspace({ mode: params.promotion.mode, repository: REPOSITORY });
  const outside = await openOutside(environment);
  const unlock = await lockWorkspace(workspace);
  try {
    const context = stageContext(environment, workspace, model, entry);
    const registry = await outside.registry(context);
    const champion = await rollback(context, { registry, by: whoPromotes(), ...options }).finally(() =>
      registry.close(),
    );
    await commitWorkspace(workspace, `${model}: rollback to ${champion.version}`);
    environment.console.print(`${model}: ${champion.version} (${champion.candidate}) is the champion again.`);
  } finally {
    await unlock();
    await outside.close();
  }
}
