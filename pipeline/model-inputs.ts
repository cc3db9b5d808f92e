import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Recipe, recipeOf } from './clients/recipe.ts';
import { type ReadText, treeReader } from './clients/tree-reader.ts';
import { CorruptError, UsageError } from './contracts/errors.ts';
import type { ModelParams, Params, SourceParams } from './contracts/params.ts';
import { Production } from './contracts/promotion.ts';
import { parseParams } from './params.ts';

/** All that makes one model in one commit, beside its data. */
export interface ModelInputs {
  params: ModelParams;
  /** Without `plan.json`: the newest day alone changes that. */
  recipe: { features: Recipe; train: Recipe };
  /** How `dvc.yaml` runs these stages; it names other entries with `${…}`, so one for all models. */
  stages: unknown;
  /** What its champion is: `production.json`; null where there is none. */
  production: Production | null;
}

/** Reads git's objects: nothing of the commit is checked out or run.
 *  @param sha whole id of a commit that the repository has
 *  @returns null where `params.yaml` has no entry of that name
 *  @throws UsageError where params.yaml cannot be read, CorruptError where code or production.json cannot,
 *  PerennialError where the commit is not here */
export async function modelInputsAt(root: string, sha: string, model: string): Promise<ModelInputs | null> {
  return await modelInputs(treeReader(root, sha), model);
}

/** The same from any tree: one reader for all models of a commit reads its code once. */
export async function modelInputs(read: ReadText, model: string): Promise<ModelInputs | null> {
  const { models } = await paramsIn(read);
  const params = Object.hasOwn(models, model) ? models[model] : null;
  if (!params) return null;
  const recipe = {
    features: await recipeOf('features', params, read),
    train: await recipeOf('train', params, read),
  };
  return { params, recipe, stages: await stagesIn(read), production: await productionIn(read, model) };
}

/** `params.yaml` of a commit. @throws UsageError where it is not there, or is not what it should be */
export async function paramsAt(root: string, sha: string): Promise<Params> {
  return await paramsIn(treeReader(root, sha));
}

export async function paramsIn(read: ReadText): Promise<Params> {
  const text = await read('params.yaml');
  if (text === null) throw new UsageError('the commit has no params.yaml');
  return parseParams(text);
}

/** Union of the models of base and head, in order: one that a pull request removes is reviewed too. */
export function modelsOf(base: Params, head: Params): string[] {
  return [...new Set([...Object.keys(base.models), ...Object.keys(head.models)])].sort();
}

/** True: training would make the same of the same data. Into `master` what `production.json` names counts too. */
export function sameInputs(a: ModelInputs, b: ModelInputs, { production }: { production: boolean }): boolean {
  return (
    isDeepStrictEqual(a.recipe, b.recipe) &&
    isDeepStrictEqual(a.stages, b.stages) &&
    sameSource(a.params.source, b.params.source) &&
    (!production || isDeepStrictEqual(a.production, b.production))
  );
}

/** False: what was learnt from the one says nothing about the other. Times, limits and keys are none of it. */
export function sameSource(a: SourceParams, b: SourceParams): boolean {
  const identity = ({ urls, simulator, json }: SourceParams) => ({ urls, simulator, json });
  return isDeepStrictEqual(identity(a), identity(b));
}

/** `reports/<model>/production.json` of a commit; null where there is none. @throws CorruptError */
export async function productionIn(read: ReadText, model: string): Promise<Production | null> {
  const path = `reports/${model}/production.json`;
  const text = await read(path);
  if (text === null) return null;
  try {
    return Production.parse(JSON.parse(text));
  } catch (cause) {
    throw new CorruptError(`${path} is not what its schema expects`, { cause, hint: 'restore it from git' });
  }
}

const DvcYaml = z.looseObject({ stages: z.record(z.string(), z.unknown()) });

async function stagesIn(read: ReadText): Promise<unknown> {
  const text = await read('dvc.yaml');
  try {
    const { features, train } = DvcYaml.parse(parse(text ?? '')).stages;
    return { features, train };
  } catch (cause) {
    throw new CorruptError('dvc.yaml is missing or has no stages', { cause, hint: 'restore it from git' });
  }
}
