import { readExperiment, readHomes, readModelPrefix } from '../pipeline/homes.ts';
import { openRegistry } from '../pipeline/registry/open.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';
import type { ServiceSettings } from './settings.ts';
import type { Source } from './sources/source.ts';
import { workspaceSource } from './sources/workspace.ts';

/** The source that the settings name. Nothing is asked yet.
 *  @param workspace where runs write on this machine */
export async function openSource(
  _settings: ServiceSettings,
  { workspace, models }: { workspace: string; models: string[] },
): Promise<Source> {
  const homes = await readHomes();
  const prefix = await readModelPrefix();
  const experiments = new Map(
    await Promise.all(models.map(async (model) => [model, await readExperiment(model)] as const)),
  );
  return workspaceSource(workspace, (model) =>
    openRegistry({
      homes,
      model,
      directory: paths(workspaceAt(workspace), model).registry,
      experiment: experiments.get(model) ?? model,
      prefix,
      now: () => new Date(),
    }),
  );
}
