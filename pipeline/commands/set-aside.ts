import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../clients/file-names.ts';
import { folderName } from '../clients/snapshot-folder.ts';
import type { StageContext } from '../context.ts';
import { UsageError } from '../contracts/errors.ts';
import { SourceState } from '../contracts/snapshot.ts';
import { readJson } from '../files.ts';

/** What the embedded portal's address is recorded as: its port says nothing. */
const EMBEDDED = 'http://127.0.0.1/infections.csv';

/**
 * A model that learnt from the simulator and is now given real data (or the other way round) begins anew: a champion
 * of the one would be compared with a challenger of the other. What was there is kept beside it.
 * @returns the folder it was moved to; null where there was nothing to move
 */
export async function setAsideOtherSource(
  context: StageContext,
  options: {
    simulated: boolean;
    fresh: boolean;
    /** The registry is not in the workspace: its champion cannot be set aside with the rest. */
    keptOutside: boolean;
  },
): Promise<string | null> {
  const { workspace, model, paths, now } = context;
  const state = await readJson(paths.source, SourceState);
  if (!state) return null;
  const wasSimulated = Object.keys(state.urls).every((url) => url === EMBEDDED);
  if (!options.fresh && wasSimulated === options.simulated) return null;
  if (!workspace.local || options.keptOutside) {
    throw new UsageError(
      `${model} has learnt from ${Object.keys(state.urls).join(', ')}, which is another source`,
      {
        hint: 'give the new source an entry of its own under `models:` in params.yaml',
      },
    );
  }
  const aside = join(workspace.root, 'set-aside', `${model}-${folderName(now().toISOString())}`);
  // The state goes last: until then a killed run finds the same and goes on moving.
  const folders = ['data', 'artifacts', 'models', 'reports'];
  for (const folder of folders) {
    const from = join(workspace.root, folder, model);
    if (!(await exists(from))) continue;
    await mkdir(join(aside, folder), { recursive: true });
    await rename(from, join(aside, folder, model));
  }
  return aside;
}
