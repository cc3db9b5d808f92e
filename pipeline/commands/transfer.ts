import { trackedOutputs } from '../clients/dvc-cache.ts';
import { lockWorkspace } from '../clients/workspace.ts';
import { UsageError } from '../contracts/errors.ts';
import { readParams } from '../params.ts';
import { REPOSITORY, type Workspace } from '../workspace.ts';
import type { Environment } from './environment.ts';
import { dvcOutside, openOutside } from './outside.ts';
import { workspaceOf } from './written.ts';

/** `perennial pull` and `perennial push`: DVC's own, with the remote and the credentials that the environment tells of.
 *  @param model only this one's data and outputs; without it everything */
export async function transferCommand(
  environment: Environment,
  direction: 'pull' | 'push',
  model: string | undefined,
): Promise<void> {
  const params = await readParams(REPOSITORY);
  if (model !== undefined && !Object.hasOwn(params.models, model)) {
    throw new UsageError(`there is no model "${model}" in params.yaml`, {
      hint: `it has ${Object.keys(params.models).join(', ')}`,
    });
  }
  const workspace = workspaceOf(params.promotion.mode);
  const outside = await openOutside(environment);
  const unlock = await lockWorkspace(workspace);
  try {
    await outside.check();
    const dvc = dvcOutside(environment, outside, { workspace, now: environment.now });
    const targets = model === undefined ? [] : await targetsOf(workspace, model, direction);
    const where = outside.homes.remote?.shown ?? '';
    const step = environment.console.progress.start(`${direction}ing ${model ?? 'everything'}, ${where}`);
    const moved =
      direction === 'pull' ? (await dvc.pull({ targets })).fetched : (await dvc.push({ targets })).pushed;
    step.done(moved === 0 ? 'nothing was missing' : `${moved} objects`);
  } finally {
    await unlock();
    await outside.close();
  }
}

/** Of `data/` DVC can fetch a part, but knows and sends it only as a whole. */
async function targetsOf(workspace: Workspace, model: string, direction: 'pull' | 'push'): Promise<string[]> {
  const data = direction === 'pull' ? `data/${model}` : 'data.dvc';
  const outputs = (await trackedOutputs(workspace.root)).map(({ path }) => path);
  return [data, ...outputs.filter((path) => path.startsWith(`artifacts/${model}/`))];
}
