import { isAncestor } from '../../clients/git-objects.ts';
import { openTree } from '../../clients/tree-reader.ts';
import { UsageError } from '../../contracts/errors.ts';
import { ROBOT_BRANCHES } from '../../contracts/github.ts';
import type { Production } from '../../contracts/promotion.ts';
import { productionIn } from '../../model-inputs.ts';
import { modelParams, readParams } from '../../params.ts';
import { taskFor } from '../../tasks/index.ts';
import { REPOSITORY, workspaceAt } from '../../workspace.ts';
import { type Environment, stageContext } from '../environment.ts';
import { openDesk } from '../etl/desk.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { verifyVersion } from '../etl/verify-version.ts';
import { openOutside, whoPromotes } from '../outside.ts';
import { releaseTags } from './last-release.ts';
import { takeBack } from './take-back.ts';
import { byVersion } from './version-number.ts';

/** A version of a model that was released, with the newest release that had it. */
interface ReleasedVersion {
  tag: string;
  production: Production;
}

const MOST_RELEASES = 200;

/** `perennial rollback-propose`: a pull request that takes a model back to a version that was released before. It is
 *  verified here, by the judge, and once more by the release that follows its merge.
 *  @param options.to default: what was released before */
export async function rollbackProposeCommand(
  environment: Environment,
  model: string,
  options: { to?: string; why: string },
): Promise<void> {
  const params = modelParams(await readParams(REPOSITORY), model);
  const why = options.why.trim();
  if (why === '')
    throw new UsageError('say why: the history keeps it', { hint: '--why "forecasts of zero"' });
  const desk = await openDesk(environment);
  const master = (await desk.heads('master')).get('master');
  const current = master ? await productionIn(openTree(REPOSITORY, master).read, model) : null;
  if (!master || !current)
    throw new UsageError(`${model} has no production.json on master: nothing is served of it`);
  const released = await releasedVersions(model, { tags: await releaseTags(desk), master });
  const target = choose(model, { current, released, to: options.to?.trim() || null });
  const outside = await openOutside(environment);
  const context = stageContext(environment, workspaceAt(REPOSITORY), model, params);
  const registry = await outside.served(context);
  try {
    await verifyVersion(target.production, registry, taskFor(params.task));
  } finally {
    await registry.close();
    await outside.close();
  }
  const said = await takeBack(desk, {
    models: [{ model, from: current, to: target.production }],
    commit: master,
    branch: ROBOT_BRANCHES.rollback(`${model}-${current.version}-${target.production.version}`),
    by: whoPromotes(),
    why,
    seen: `${target.production.version} was released as ${target.tag}.`,
    at: environment.now(),
  });
  await tellWorkflow(environment, {}, `- ${said}`);
}

/** Newest first; each version once. */
async function releasedVersions(
  model: string,
  { tags, master }: { tags: Map<string, string>; master: string },
): Promise<ReleasedVersion[]> {
  const newest = [...tags].sort(([one], [other]) => byVersion(other, one)).slice(0, MOST_RELEASES);
  const found = new Map<string, ReleasedVersion>();
  for (const [tag, sha] of newest) {
    const production = await productionIn(openTree(REPOSITORY, sha).read, model).catch(() => null);
    if (!production || found.has(production.digest)) continue;
    if (await isAncestor(REPOSITORY, sha, master)) found.set(production.digest, { tag, production });
  }
  return [...found.values()];
}

/** @throws UsageError where there is nothing to go back to */
export function choose(
  model: string,
  {
    current,
    released,
    to,
  }: { current: Pick<Production, 'version' | 'digest'>; released: ReleasedVersion[]; to: string | null },
): ReleasedVersion {
  const at = released.findIndex(({ production }) => production.digest === current.digest);
  // What was never released has everything that was before it.
  const earlier = released.slice(at + 1);
  const hint = `released were ${released.map(({ tag, production }) => `${production.version} (${tag})`).join(', ') || 'none'}`;
  if (to === current.version)
    throw new UsageError(`${to} is what production.json of ${model} names already`, { hint });
  const found = to === null ? earlier[0] : released.find(({ production }) => production.version === to);
  if (found) return found;
  throw new UsageError(
    to === null
      ? `nothing was released of ${model} before ${current.version}`
      : `${model} ${to} was never released`,
    { hint },
  );
}
