import { userInfo } from 'node:os';
import { commitWorkspace, lockWorkspace, prepareWorkspace } from '../clients/workspace.ts';
import { modelParams, readParams } from '../params.ts';
import { folderRegistry } from '../registry/folder.ts';
import { rollback } from '../stages/register/rollback.ts';
import { REPOSITORY } from '../workspace.ts';
import { type Environment, stageContext } from './environment.ts';

/** `perennial rollback`: the champion's predecessor becomes champion again, and the history says why. */
export async function rollbackCommand(
  environment: Environment,
  model: string,
  options: { to?: string; why: string },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  const entry = modelParams(params, model);
  const workspace = await prepareWorkspace({ mode: params.promotion.mode, repository: REPOSITORY });
  const unlock = await lockWorkspace(workspace);
  try {
    const context = stageContext(environment, workspace, model, entry);
    const registry = folderRegistry(context.paths.registry, { model, now: context.now });
    const by = process.env.GITHUB_ACTOR ?? userInfo().username;
    const champion = await rollback(context, { registry, by, ...options });
    await commitWorkspace(workspace, `${model}: rollback to ${champion.version}`);
    environment.console.print(`${model}: ${champion.version} (${champion.candidate}) is the champion again.`);
  } finally {
    await unlock();
  }
}
