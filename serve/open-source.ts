import { access } from 'node:fs/promises';
import { readExperiment, readHomes, readModelPrefix } from '../pipeline/homes.ts';
import { openRegistry } from '../pipeline/registry/open.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';
import type { ServiceSettings } from './settings.ts';
import { type ReleasedSource, releasedSource } from './sources/released.ts';
import type { Source } from './sources/source.ts';
import { workspaceSource } from './sources/workspace.ts';

/** The source that the settings name, which is followed; null: none is. Nothing is asked yet.
 *  @param workspace where runs write on this machine */
export async function openSource(
  { follow }: Pick<ServiceSettings, 'follow'>,
  { workspace, models }: { workspace: string; models: string[] },
): Promise<Source | null> {
  if (follow === 'off') return null;
  if (follow !== 'registry') return releasedSource(follow);
  const homes = await readHomes();
  const prefix = await readModelPrefix();
  const experiments = new Map(
    await Promise.all(models.map(async (model) => [model, await readExperiment(model)] as const)),
  );
  const source = workspaceSource(workspace, (model) =>
    openRegistry({
      homes,
      model,
      directory: paths(workspaceAt(workspace), model).registry,
      experiment: experiments.get(model) ?? model,
      prefix,
      now: () => new Date(),
    }),
  );
  return homes.mlflow ? { ...source, where: homes.mlflow.url } : source;
}

/** What was baked into the image; null where nothing was. */
export async function openBaked({ baked }: Pick<ServiceSettings, 'baked'>): Promise<ReleasedSource | null> {
  const isThere = await access(baked).then(
    () => true,
    () => false,
  );
  return isThere ? releasedSource(baked) : null;
}
