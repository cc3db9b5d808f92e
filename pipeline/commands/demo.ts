import { copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../contracts/errors.ts';
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
  await beginAnew();
  const params = modelParams(await readParams(REPOSITORY), MODEL);
  await runModels(makeEnvironment({ now }, signal), [{ name: MODEL, params }], {
    mode: 'pull-request',
    days: 0,
    homes: FOLDERS,
  });
  const at = paths(workspaceAt(REPOSITORY), MODEL);
  await copyFile(join(at.profile, 'profile.html'), join(at.reports, 'profile.html'));
}

/** The same hash twice: what an earlier one left, or what time a fit took, must not matter. */
async function beginAnew(): Promise<void> {
  const others = (await readdir(join(REPOSITORY, 'reports')).catch(() => [])).filter(
    (name) => name !== MODEL,
  );
  if (others.length > 0) {
    throw new UsageError(`reports/ holds models of a team's own: ${others.join(', ')}`, {
      hint: 'the example is made in a clone that holds nothing else',
    });
  }
  const folders = ['data', 'artifacts', 'models', 'reports'].map((folder) => join(folder, MODEL));
  for (const path of [...folders, 'data.dvc', 'dvc.lock'])
    await rm(join(REPOSITORY, path), { recursive: true, force: true });
}
