import { isDeepStrictEqual } from 'node:util';
import { recipeName } from '../../clients/recipe.ts';
import type { ReadText } from '../../clients/tree-reader.ts';
import type { ModelParams, Params } from '../../contracts/params.ts';
import type { Production } from '../../contracts/promotion.ts';
import { modelInputs, modelsOf, paramsIn, productionIn, sameInputs, sameSource } from '../../model-inputs.ts';
import type { Bench } from './bench.ts';
import { Refusal } from './refusal.ts';

/** The commits that a judgement stands on; all read as objects, none checked out. */
export interface Commits {
  /** The pull request's. */
  head: string;
  /** The branch that it goes into. */
  base: string;
  /** Where both come from. */
  from: string;
  /** The trusted one: data, champion, history. */
  master: string;
}

/** What a pull request does to one model. */
export interface Change {
  model: string;
  kind: 'unchanged' | 'removed' | 'changed';
  before: ModelParams | null;
  after: ModelParams | null;
  /** Of master. */
  champion: Production | null;
  /** Of the pull request, where it names another one than its base. */
  promotes: Production | null;
  /** Name of what would make it; null where that cannot be read. */
  recipe: string | null;
  /** Why it is not judged on its merits. */
  refusal: Refusal | null;
}

/** Every model of base and head, and what becomes of it.
 *  @throws Refusal where params.yaml of the pull request cannot be read */
export async function whatChanged(
  { tree }: Bench,
  commits: Commits,
  into: 'test' | 'master',
): Promise<Change[]> {
  const [head, base, from, master] = [commits.head, commits.base, commits.from, commits.master].map(
    (sha) => tree(sha).read,
  );
  const after = await paramsIn(head).catch((cause: Error) => {
    throw new Refusal('params.yaml', `params.yaml of the pull request cannot be read: ${cause.message}`, {
      cause,
    });
  });
  // One that cannot be read has no models: the pull request mends it.
  const none: Params = { ...after, models: {} };
  const [before, trunk] = await Promise.all([base, master].map((read) => paramsIn(read).catch(() => none)));
  return Promise.all(
    modelsOf(before, after).map(async (model) => {
      const own = (params: Params) => (Object.hasOwn(params.models, model) ? params.models[model] : null);
      const about = { before: own(before), after: own(after), trunk: own(trunk) };
      return changeOf(model, { head, from, base, master }, { ...about, into });
    }),
  );
}

async function changeOf(
  model: string,
  trees: Record<keyof Commits, ReadText>,
  about: { before: ModelParams | null; after: ModelParams | null; trunk: ModelParams | null; into: string },
): Promise<Change> {
  const { before, after, trunk, into } = about;
  const champion = await productionIn(trees.master, model);
  const change: Change = {
    ...{ model, kind: 'changed', before, after, champion },
    ...{ promotes: null, recipe: null, refusal: null },
  };
  if (!after) return { ...change, kind: 'removed' };
  const withProduction = into === 'master';
  try {
    const now = await modelInputs(trees.head, model);
    // What the pull request began with may not be readable any more: then it is not the same.
    const then = await modelInputs(trees.from, model).catch(() => null);
    if (then && now && sameInputs(then, now, { production: withProduction }))
      return { ...change, kind: 'unchanged' };
    change.recipe = now && recipeName(now.recipe);
    const there = await productionIn(trees.base, model);
    if (withProduction && now?.production && !isDeepStrictEqual(there, now.production))
      change.promotes = now.production;
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    return {
      ...change,
      refusal: new Refusal('Not readable', `What it is made of cannot be read: ${seen}`, { cause }),
    };
  }
  return { ...change, refusal: incomparable(trunk ?? before, after) };
}

/** What was learnt of one thing says nothing of another. */
function incomparable(there: ModelParams | null, here: ModelParams): Refusal | null {
  if (!there) return null;
  const name = 'give it another name';
  if (!sameSource(there.source, here.source))
    return new Refusal('Another source', `A comparison across different sources is refused: ${name}.`);
  if (there.task !== here.task || there.target !== here.target)
    return new Refusal(
      'Another target',
      `A comparison of forecasts of different things is refused: ${name}.`,
    );
  const dropped = there.horizons.filter((horizon) => !here.horizons.includes(horizon));
  if (dropped.length > 0)
    return new Refusal(
      'Horizons are missing',
      `It no longer forecasts the horizons ${dropped.join(', ')}, and leaving out the hard ones must not win: ${name}.`,
    );
  return null;
}
