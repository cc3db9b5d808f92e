import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelParams } from '../contracts/params.ts';
import { readJson, writeJson } from '../files.ts';
import { paths, REPOSITORY, type Workspace } from '../workspace.ts';
import { codeOf, workTree } from './code-of.ts';
import { lockedPackages } from './package-lock.ts';
import type { ReadText } from './tree-reader.ts';

export const CACHED_STAGES = ['features', 'profile', 'train'] as const;
export type CachedStage = (typeof CACHED_STAGES)[number];

/** Everything that a cached stage's result depends on beside its data. It lies in the workspace, where DVC can see it:
 *  in `.perennial/` the code is outside DVC's repository, and a setting left to its default is not in `params.yaml`. */
export const Recipe = z.strictObject({
  stage: z.enum(CACHED_STAGES),
  params: z.record(z.string(), z.unknown()),
  /** SHA-256 of optional inputs, null where absent. */
  inputs: z.record(z.string(), z.string().nullable()),
  /** Versions of the libraries that the code imports. */
  packages: z.record(z.string(), z.string()),
  /** SHA-256 of each source file, by its path in the repository. */
  code: z.record(z.string(), z.string()),
});
export type Recipe = z.infer<typeof Recipe>;

/** Writes `artifacts/<model>/recipe/<stage>.json` for each cached stage; to be called before `dvc repro`. */
export async function writeRecipes(
  workspace: Workspace,
  model: string,
  params: ModelParams,
  repository = REPOSITORY,
): Promise<void> {
  const at = paths(workspace, model);
  const read = workTree(repository);
  for (const stage of CACHED_STAGES) {
    const recipe = await recipeOf(stage, params, read);
    if (stage === 'features') recipe.inputs['plan.json'] = await sha256OrNull(at.plan);
    await writeJson(recipePath(workspace, model, stage), Recipe, recipe);
  }
}

export function recipePath(workspace: Workspace, model: string, stage: CachedStage): string {
  return join(workspace.root, 'artifacts', model, 'recipe', `${stage}.json`);
}

/** A stage's recipe without its optional inputs.
 *  @param read the work tree, or one commit of the repository */
export async function recipeOf(stage: CachedStage, params: ModelParams, read: ReadText): Promise<Recipe> {
  return { stage, params: settingsOf(stage, params), inputs: {}, ...(await codeOfStage(stage, read)) };
}

/** Name of what makes a model beside its data: the same for the same code, settings and libraries. */
export function recipeName({ features, train }: Record<'features' | 'train', Recipe>): string {
  // Optional inputs are of one day's plan.
  const made = [features, train].map((recipe) => ({ ...recipe, inputs: {} }));
  return sha256(JSON.stringify(made, sorted));
}

/** As a replacer: keys in order, whoever wrote them. */
function sorted(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The recipe that a run has written; null where there is none. */
export async function writtenRecipe(workspace: Workspace, model: string): Promise<string | null> {
  const [features, train] = await Promise.all(
    (['features', 'train'] as const).map((stage) => readJson(recipePath(workspace, model, stage), Recipe)),
  );
  return features && train ? recipeName({ features, train }) : null;
}

/** Where the data come from, when they are checked and who promotes does not change what a stage makes of them. */
function settingsOf(stage: CachedStage, params: ModelParams): Record<string, unknown> {
  const { source, gate: _, schedule: __, promotion, train, ...kept } = params;
  if (stage === 'profile') return {};
  const shared = { ...kept, timezone: source.timezone };
  if (stage === 'features') return shared;
  return { ...shared, train, metric: promotion.metric };
}

async function codeOfStage(stage: CachedStage, read: ReadText) {
  const { files, packages } = await codeOf(`pipeline/stages/${stage}/run.ts`, read);
  const code: Record<string, string> = {};
  for (const [path, text] of files) code[path] = sha256(text);
  const locked = lockedPackages(await read('package-lock.json'));
  const versions: Record<string, string> = {};
  for (const name of packages) versions[name] = locked[`node_modules/${name}`]?.version ?? 'none';
  return { code, packages: versions };
}

async function sha256OrNull(path: string): Promise<string | null> {
  const content = await readFile(path).catch(() => null);
  return content && sha256(content);
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
