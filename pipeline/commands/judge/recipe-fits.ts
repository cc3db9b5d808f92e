import { createHash } from 'node:crypto';
import { Recipe, recipeOf } from '../../clients/recipe.ts';
import type { ModelParams } from '../../contracts/params.ts';
import { settingsTried } from '../trials.ts';
import type { Bench } from './bench.ts';
import type { DataFiles } from './data-files.ts';

/** Whether the training that `dvc.lock` names was made by this commit's code and settings. */
export async function recipeFits(
  { tree }: Bench,
  files: DataFiles,
  { model, params, commit }: { model: string; params: ModelParams; commit: string },
): Promise<boolean> {
  const made = files.inputs(`train@${model}`, `artifacts/${model}/recipe/train.json`);
  const read = tree(commit).read;
  for (const settings of settingsTried(params)) {
    const recipe = Recipe.parse(await recipeOf('train', settings, read));
    // As `writeRecipes` writes it, and DVC hashes it.
    const text = `${JSON.stringify(recipe, null, 2)}\n`;
    if (createHash('md5').update(text).digest('hex') === made) return true;
  }
  return false;
}
