import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Dvc } from '../clients/dvc.ts';
import { missingData, refuseCorrupt, trackedOutputs, verifyCache } from '../clients/dvc-cache.ts';
import { LostObjectsError } from '../clients/dvc-error.ts';
import { UsageError } from '../contracts/errors.ts';
import type { RemoteHome } from '../contracts/homes.ts';
import { writeWhole } from '../files.ts';
import type { Workspace } from '../workspace.ts';
import type { Environment } from './environment.ts';

/** Brings what earlier runs upon other machines have left of these models: their data, and the outputs of their stages.
 *  @throws UsageError where there is no remote to bring them from */
export async function completeData(
  environment: Environment,
  dvc: Dvc,
  { workspace, models, remote }: { workspace: Workspace; models: string[]; remote: RemoteHome | null },
): Promise<void> {
  const { root } = workspace;
  const absent = await absentFolders(root, models);
  if (absent.length === 0) return;
  if (!remote) {
    throw new UsageError(`data.dvc lists data that are not on this machine: ${absent.join(', ')}`, {
      hint: 'name the remote that holds them (docs/homes.md); to begin with data of your own, delete data.dvc, dvc.lock and reports/',
    });
  }
  const step = environment.console.progress.start(`fetching data from ${remote.shown}`);
  const { fetched } = await dvc.pull({ targets: absent });
  const outputs = (await trackedOutputs(root)).map(({ path }) => path);
  const lacking = outputs.filter(
    (path) => models.some((model) => path.startsWith(`artifacts/${model}/`)) && !existsSync(join(root, path)),
  );
  if (lacking.length > 0) await pullOutputs(environment, dvc, lacking);
  step.done(`${fetched} objects`);
}

/** Sends this data version and what was made of one model; until that is done a mark stays, and the next run sends it. */
export async function sendData(
  environment: Environment,
  dvc: Dvc,
  {
    workspace,
    model,
    remote,
    changed,
  }: { workspace: Workspace; model: string; remote: RemoteHome | null; changed: boolean },
): Promise<void> {
  if (!remote) return;
  const mark = join(workspace.root, 'artifacts', model, 'not-yet-pushed');
  if (!changed && !existsSync(mark)) return;
  await writeWhole(mark, 'data.dvc names data that the remote may not have yet; the next run sends them\n');
  const step = environment.console.progress.start(`pushing data to ${remote.shown}`);
  const made = (await trackedOutputs(workspace.root)).filter(
    ({ path }) => path === 'data' || dirname(path) === `artifacts/${model}`,
  );
  // DVC trusts what lies in its cache, and would send a corrupt object under the name of a good one.
  for (const { md5: hash, path } of made)
    refuseCorrupt(await verifyCache({ root: workspace.root, hash, path }));
  const targets = made.map(({ path }) => (path === 'data' ? 'data.dvc' : path));
  const { pushed } = await dvc.push({ targets });
  await rm(mark, { force: true });
  step.done(pushed === 0 ? 'it has everything' : `${pushed} objects`);
}

/** What can be made again need not stop a run. */
async function pullOutputs(environment: Environment, dvc: Dvc, targets: string[]): Promise<void> {
  try {
    await dvc.pull({ targets });
  } catch (error) {
    if (!(error instanceof LostObjectsError)) throw error;
    environment.log.warn({ err: error }, 'outputs of stages are not in the remote: they are made again');
  }
}

/** Folders of these models in `data/` that are tracked and not here. Single files that are missing are the work of a run
 *  that was killed, and the next one makes them again. */
async function absentFolders(root: string, models: string[]): Promise<string[]> {
  const folders = models.map((model) => `data/${model}`).filter((folder) => !existsSync(join(root, folder)));
  if (folders.length === 0) return [];
  const missing = await missingData(root);
  // The list itself is not here; then the reports tell which models have data.
  if (missing === null)
    return folders.filter((folder) => existsSync(join(root, 'reports', basename(folder), 'source.json')));
  return folders.filter((folder) => missing.some((path) => path.startsWith(`${folder}/`)));
}
