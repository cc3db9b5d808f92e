import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Dvc, DvcStatus } from '../../clients/dvc.ts';
import { trackedOutputs } from '../../clients/dvc-cache.ts';
import { LostObjectsError } from '../../clients/dvc-error.ts';
import { writeRecipes } from '../../clients/recipe.ts';
import { codeCommit, dataVersion } from '../../clients/versions.ts';
import { lockWorkspace } from '../../clients/workspace.ts';
import type { StageContext } from '../../context.ts';
import type { ModelInputs } from '../../model-inputs.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { digestOf } from '../../registry/manifest.ts';
import { type Environment, stageContext } from '../environment.ts';
import { dvcOutside, openOutside } from '../outside.ts';
import { completeData } from '../remote-data.ts';
import { settingsTried } from '../trials.ts';
import { writePlan } from '../write-plan.ts';
import { openChampion } from './champion.ts';
import { compareHere } from './compare-here.ts';
import { inspectNewest, refusalOf } from './head-gate.ts';
import type { Subject } from './subject.ts';
import type { Finding } from './submission.ts';
import { takeFrom } from './take-from.ts';

/** Into `master`: never trains. Scores what `dvc.lock` says was trained of this code and these data, against the champion
 *  that `master` has. */
export async function reviewPromotion(
  environment: Environment,
  subject: Subject & { before: ModelInputs | null; head: ModelInputs },
): Promise<Finding> {
  const { workspace, model, params, request } = subject;
  if (!(await lockNames(workspace.root, model))) return notTrained(`dvc.lock names no training of ${model}`);
  const outside = await openOutside(environment, subject.homes);
  const unlock = await lockWorkspace(workspace);
  const context = stageContext(environment, workspace, model, params);
  const own = await outside.registry(context);
  try {
    await outside.check();
    // Whom it is compared with, and how often that was tried, is what `master` says.
    await takeFrom(
      workspace.root,
      request.base,
      ['production.json', 'history'].map((name) => `reports/${model}/${name}`),
    );
    const dvc = dvcOutside(environment, outside, { workspace, now: context.now });
    await completeData(environment, dvc, { workspace, models: [model], remote: outside.homes.remote });
    const versions = { commit: await codeCommit(), dataVersion: await dataVersion(workspace) };
    const gate = await inspectNewest(context);
    if (gate && !gate.passed)
      return { state: 'gate-failed', reason: refusalOf(gate), gate, dataVersion: versions.dataVersion };
    const { registry, champion, unknown } = await openChampion(context, outside, own);
    const cannot = await writePlan(context, champion);
    if (cannot) return { state: 'too-short', reason: cannot, gate, dataVersion: versions.dataVersion };
    const why =
      (await outputsLost(dvc, model, outside.homes.remote !== null)) ?? (await otherInputs(dvc, context));
    if (why) return { ...notTrained(why), gate, dataVersion: versions.dataVersion };
    const promoted = isDeepStrictEqual(subject.before?.production, subject.head.production)
      ? null
      : subject.head.production;
    const made = promoted ? await whichBundle(context, promoted.digest) : 'bundle';
    if (made === null) {
      return {
        ...notTrained(
          `production.json names the bundle ${promoted!.digest.slice(0, 12)}, which the training in dvc.lock did not make`,
        ),
        gate,
        dataVersion: versions.dataVersion,
      };
    }
    const finding = await compareHere(context, {
      registry,
      unknown,
      fallback: made === 'fallback',
      ...versions,
    });
    return { ...finding, gate, mlflowRun: promoted?.run ?? null };
  } finally {
    await own.close();
    await unlock();
    await outside.close();
  }
}

const notTrained = (why: string): Finding => ({
  state: 'not-trained',
  reason: `${why}; what goes into master was trained before, by the workflow candidate or etl`,
});

async function lockNames(root: string, model: string): Promise<boolean> {
  return (await trackedOutputs(root)).some(({ path }) => path === `artifacts/${model}/train`);
}

/** @returns a sentence where the remote does not have what dvc.lock names */
async function outputsLost(dvc: Dvc, model: string, remote: boolean): Promise<string | null> {
  if (!remote) return null;
  try {
    await dvc.pull({ targets: ['features', 'train'].map((stage) => `artifacts/${model}/${stage}`) });
    return null;
  } catch (error) {
    if (!(error instanceof LostObjectsError)) throw error;
    return `what dvc.lock says was trained is not in the remote: ${error.message}`;
  }
}

/** @returns a sentence where dvc.lock tells of another code, other data or another plan than these */
async function otherInputs(dvc: Dvc, context: StageContext): Promise<string | null> {
  const { workspace, model } = context;
  let changed: string[] = [];
  for (const settings of settingsTried(context.params)) {
    await writeRecipes(workspace, model, settings);
    changed = changedPaths(await dvc.status(['features', 'train'].map((stage) => `${stage}@${model}`)));
    if (changed.length === 0) return null;
    // Another trial makes another recipe of the training, and changes nothing else.
    if (!changed.every((path) => path.endsWith('recipe/train.json'))) break;
  }
  const reasons = REASONS.filter(([ending]) => changed.some((path) => path.endsWith(ending)));
  return `the training that dvc.lock names is of something else: ${reasons.map(([, why]) => why).join(', ') || changed.join(', ')}`;
}

const REASONS = [
  ['recipe/train.json', 'another recipe (code, settings or libraries)'],
  ['recipe/features.json', 'another recipe or plan of the features'],
  ['plan.json', 'another plan: the champion or the data have moved since'],
  ['observations.parquet', 'other data'],
] as const;

function changedPaths(status: DvcStatus): string[] {
  return Object.values(status).flatMap((notes) =>
    notes.flatMap((note) =>
      typeof note === 'string' ? [note] : Object.values(note).flatMap((paths) => Object.keys(paths)),
    ),
  );
}

/** Which output of the training has that digest. */
async function whichBundle({ paths }: StageContext, digest: string): Promise<'bundle' | 'fallback' | null> {
  for (const name of ['bundle', 'fallback'] as const) {
    const folder = join(paths.train, name);
    if (existsSync(folder) && digestOf(await readBundle(folder)) === digest) return name;
  }
  return null;
}
