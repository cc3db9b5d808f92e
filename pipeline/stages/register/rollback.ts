import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import type { StageContext } from '../../context.ts';
import { UsageError } from '../../contracts/errors.ts';
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
 * @throws CorruptError if the version's files are not what they were
 */
export async function rollback(context: StageContext, options: RollbackOptions): Promise<RegisteredVersion> {
  const { paths, model, now, log } = context;
  const { registry, by, why } = options;
  await followAlias(context, registry);
  const current = await registry.alias('champion');
  if (!current) throw new UsageError(`${model} has no champion`, { hint: 'train one first: npm start' });
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

async function known(registry: Registry): Promise<string> {
  return `known are ${(await registry.versions()).map(({ version }) => version).join(', ')}`;
}
