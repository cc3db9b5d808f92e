import type { StageContext } from '../../context.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { UsageError } from '../../contracts/errors.ts';
import { Production } from '../../contracts/promotion.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { readJson } from '../../files.ts';
import { taskFor } from '../../tasks/index.ts';
import { verifyVersion } from '../etl/verify-version.ts';
import type { Outside } from '../outside.ts';

/** Which version: the one that git names, the one that is served, or one by its name. */
export type Choice = { from: 'production' | 'champion' } | { pick: string };

/** One version out of the registry, its hashes and golden answers checked.
 *  @throws CorruptError where it must not be served; UsageError where there is none */
export async function chooseVersion(
  context: StageContext,
  outside: Outside,
  choice: Choice,
): Promise<{ version: RegisteredVersion; files: BundleFiles }> {
  const registry = await outside.served(context);
  try {
    const named = await versionNamed(context, registry, choice);
    return await verifyVersion(named, registry, taskFor(context.params.task));
  } finally {
    await registry.close();
  }
}

async function versionNamed(
  { model, paths }: StageContext,
  registry: Pick<Registry, 'alias' | 'version'>,
  choice: Choice,
): Promise<Pick<Production, 'model' | 'version' | 'digest'>> {
  if ('pick' in choice) {
    const found = await registry.version(choice.pick);
    if (found) return found;
    throw new UsageError(`${model}: the registry has no version ${choice.pick}`);
  }
  if (choice.from === 'production') {
    const production = await readJson(paths.production, Production);
    if (production) return production;
    throw new UsageError(`${model} has no production.json: nothing was promoted yet`, {
      hint: 'merge a first promotion, or take what the registry calls champion: --from champion',
    });
  }
  const champion = await registry.alias('champion');
  if (champion) return champion;
  throw new UsageError(`${model} has no champion yet`, { hint: 'run `npm start` first: it trains one' });
}
