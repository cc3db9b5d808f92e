import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dvc } from '../clients/dvc.ts';
import { missingData, trackedOutputs } from '../clients/dvc-cache.ts';
import { LostObjectsError } from '../clients/dvc-error.ts';
import { UsageError } from '../contracts/errors.ts';
import type { RemoteHome } from '../contracts/homes.ts';
import { writeWhole } from '../files.ts';
import type { Workspace } from '../workspace.ts';
import type { Environment } from './environment.ts';

/** `dvc add data` takes what is not there out of the data version, other models' data too: a run begins with all of it.
 *  Brings the data, and the outputs of stages, that this machine lacks from the remote.
 *  @throws UsageError where there is none to bring them from */
export async function completeData(
  environment: Environment,
  dvc: Dvc,
  { workspace, remote }: { workspace: Workspace; remote: RemoteHome | null },
): Promise<void> {
  const { root } = workspace;
  const absent = await absentFolders(root);
  if (absent.length === 0) return;
  if (!remote) {
    throw new UsageError(`data.dvc lists data that are not on this machine: ${absent.join(', ')}`, {
      hint: 'name the remote that holds them (docs/homes.md); to begin with data of your own, delete data.dvc, dvc.lock and reports/',
    });
  }
  const step = environment.console.progress.start(`fetching data from ${remote.shown}`);
  const { fetched } = await dvc.pull({ targets: ['data.dvc'] });
  const outputs = (await trackedOutputs(root)).map(({ path }) => path).filter((path) => path !== 'data');
  const lacking = outputs.filter((path) => !existsSync(join(root, path)));
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
  const made = (await trackedOutputs(workspace.root)).map(({ path }) => path);
  const targets = ['data.dvc', ...made.filter((path) => dirname(path) === `artifacts/${model}`)];
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

/** Folders below `data/` of which nothing is here; single files that are missing are the work of a run that was killed. */
async function absentFolders(root: string): Promise<string[]> {
  const missing = await missingData(root);
  if (missing === null) return existsSync(join(root, 'data')) ? [] : ['data'];
  const folders = new Set(missing.map((path) => path.split('/').slice(0, 2).join('/')));
  return [...folders].filter((folder) => !existsSync(join(root, folder)));
}
