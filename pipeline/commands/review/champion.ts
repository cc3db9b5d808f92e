import type { StageContext } from '../../context.ts';
import { ConflictError } from '../../contracts/errors.ts';
import { Production } from '../../contracts/promotion.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { readJson } from '../../files.ts';
import type { OpenRegistry } from '../../registry/open.ts';
import type { Outside } from '../outside.ts';

export interface Opponent {
  registry: Registry;
  /** null: a first model, or one whose champion is not known here. */
  champion: RegisteredVersion | null;
  /** One sentence, where there is a champion that cannot be compared with. */
  unknown: string | null;
}

/** The champion that `production.json` names, its bundle at hand before an hour of training, not after it. Without
 *  credentials for the registry (a fork) it is compared with the baselines alone.
 *  @throws PerennialError where it cannot be fetched with credentials */
export async function openChampion(
  context: StageContext,
  outside: Outside,
  registry: OpenRegistry,
): Promise<Opponent> {
  const production = await readJson(context.paths.production, Production);
  if (!production) return { registry: withoutChampion(registry), champion: null, unknown: null };
  try {
    const champion = (await registry.alias('champion'))!;
    const bundle = await registry.bundle(champion.version);
    return { registry: { ...registry, bundle: async () => bundle }, champion, unknown: null };
  } catch (error) {
    if (outside.homes.mlflow || !(error instanceof ConflictError)) throw error;
    context.log.warn({ err: error }, 'the champion is not known here');
    return {
      registry: withoutChampion(registry),
      champion: null,
      unknown: `There are no credentials for the registry here (a fork has none): it was compared with the baselines alone, not with the champion ${production.version}.`,
    };
  }
}

function withoutChampion(registry: Registry): Registry {
  const { alias, pointer } = registry;
  return {
    ...registry,
    alias: async (name) => (name === 'champion' ? null : alias(name)),
    pointer: async (name) => (name === 'champion' ? null : pointer(name)),
  };
}
