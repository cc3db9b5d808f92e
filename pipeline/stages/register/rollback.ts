import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError, UsageError } from '../../contracts/errors.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { predecessorOf } from './entries.ts';
import { followAlias } from './run.ts';

export interface RollbackOptions {
  registry: Registry;
  /** Default: the champion before this one. */
  to?: string;
  by: string;
  why: string;
}

/**
 * Takes the champion back in one step, recorded. The entry comes first: should the process die after it, the history
 * tells of a rollback that is done by calling this again; the other way round it would be one nobody knows of.
 * @returns the champion from now on
 * @throws UsageError if there is no champion, none before it, or no such version
 * @throws CorruptError if the files of the version to go to are not what they were
 */
export async function rollback(context: StageContext, options: RollbackOptions): Promise<RegisteredVersion> {
  const { paths, model, now, log } = context;
  const { registry, by, why } = options;
  const current = await currentChampion(registry);
  if (!current) throw new UsageError(`${model} has no champion`, { hint: 'train one first: npm start' });
  if (!current.damaged) await followAlias(context, registry);
  const to = options.to ?? predecessorOf(current, await readHistory(paths.history));
  if (!to)
    throw new UsageError(`${current.version} is the first champion of ${model}: there is none before it`, {
      hint: 'name a version with --to',
    });
  if (to === current.version)
    throw new UsageError(`${to} is the champion of ${model} already`, {
      hint: 'name another version with --to',
    });
  const version = await registry.version(to);
  if (!version)
    throw new UsageError(`there is no version ${to} of ${model}`, { hint: await known(registry) });

  await addToHistory(paths.history, {
    at: now().toISOString(),
    kind: 'rollback',
    by,
    from: current.version,
    to,
    why,
  });
  await registry.setAlias('champion', to, current.version);
  await followAlias(context, registry);
  log.warn({ from: current.version, to, by, why }, 'rolled back');
  return version;
}

/** The champion as far as it can be read: one whose files are damaged or deleted is what a rollback is for. */
async function currentChampion(
  registry: Registry,
): Promise<{ version: string; parent: string | null; damaged: boolean } | null> {
  const version = await registry.pointer('champion');
  if (!version) return null;
  try {
    return { version, parent: (await registry.alias('champion'))?.parent ?? null, damaged: false };
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    return { version, parent: null, damaged: true };
  }
}

async function known(registry: Registry): Promise<string> {
  return `known are ${(await registry.versions()).map(({ version }) => version).join(', ')}`;
}
