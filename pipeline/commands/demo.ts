import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelParams, readParams } from '../params.ts';
import { FIRST_PUBLICATION } from '../simulator/portal.ts';
import { paths, REPOSITORY, workspaceAt } from '../workspace.ts';
import { makeEnvironment } from './environment.ts';
import { FOLDERS } from './outside.ts';
import { runModels } from './run-models.ts';

const MODEL = 'infections';

/** What the repository itself ships of `data.dvc`, `dvc.lock` and `reports/`: one run of the embedded default, written
 *  as a workflow would, with the clock stopped at the portal's first publication. */
export async function demoCommand(signal: AbortSignal): Promise<void> {
  const now = new Date(FIRST_PUBLICATION + 22 * 3_600_000).toISOString();
  process.env.PERENNIAL_NOW = now;
  const params = modelParams(await readParams(REPOSITORY), MODEL);
  await runModels(makeEnvironment({ now }, signal), [{ name: MODEL, params }], {
    mode: 'pull-request',
    days: 0,
    homes: FOLDERS,
  });
  const at = paths(workspaceAt(REPOSITORY), MODEL);
  await copyFile(join(at.profile, 'profile.html'), join(at.reports, 'profile.html'));
}
