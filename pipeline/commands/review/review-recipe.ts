import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { filesAt } from '../../clients/git-objects.ts';
import { codeCommit, dataVersion } from '../../clients/versions.ts';
import { lockWorkspace } from '../../clients/workspace.ts';
import type { StageContext } from '../../context.ts';
import { PerennialError } from '../../contracts/errors.ts';
import { type RunLog, startRunLog } from '../../stages/log/run.ts';
import { collect } from '../collect.ts';
import { type Environment, stageContext } from '../environment.ts';
import { dvcOutside, type Outside, openOutside } from '../outside.ts';
import { nextPortalDay } from '../portal-day.ts';
import { completeData } from '../remote-data.ts';
import { openSource } from '../source.ts';
import { reproduce } from '../train-and-judge.ts';
import { writePlan } from '../write-plan.ts';
import { openChampion } from './champion.ts';
import { compareHere } from './compare-here.ts';
import { inspectNewest, refusalOf } from './head-gate.ts';
import type { Subject } from './subject.ts';
import type { Finding } from './submission.ts';
import { takeFrom } from './take-from.ts';

/** Into `test`: tries the pull request's recipe on `master`'s data against `master`'s champion. */
export async function reviewRecipe(environment: Environment, subject: Subject): Promise<Finding> {
  const { workspace, model, params, request } = subject;
  const known = await hasData(workspace.root, request.trunk, model);
  if (!known && !params.active)
    return { state: 'first', reason: 'master has no data of it, and it is not active: nothing was trained' };
  const outside = await openOutside(environment, subject.homes);
  const unlock = await lockWorkspace(workspace);
  try {
    await takeFrom(workspace.root, request.trunk, ['data.dvc', 'dvc.lock', `reports/${model}`]);
    if (!known) return await firstModel(environment, subject, outside);
    const context = stageContext(environment, workspace, model, params);
    if (await bringData(environment, context, outside))
      return await onTheirData(environment, { ...subject, outside, context });
    return await onOwnData(environment, subject, outside);
  } finally {
    await unlock();
    await outside.close();
  }
}

/** Tried on its own source, where that can be reached, so that its reviewer sees numbers. */
async function firstModel(environment: Environment, subject: Subject, outside: Outside): Promise<Finding> {
  const first = 'A new model: master has no data of it yet, so there is nothing to compare with.';
  const finding = await onOwnData(environment, subject, outside).catch((error) => {
    if (environment.signal.aborted || !(error instanceof NotCollected)) throw error;
    environment.log.warn({ err: error }, 'a new model cannot be tried on its own source');
    return { state: 'trained' as const, reason: error.message };
  });
  return finding.state === 'trained'
    ? { ...finding, state: 'first', reason: `${first} On its own source: ${finding.reason}` }
    : finding;
}

async function onTheirData(
  environment: Environment,
  { context, ...subject }: Subject & { outside: Outside; context: StageContext },
): Promise<Finding> {
  const gate = await inspectNewest(context);
  if (gate && !gate.passed) {
    const version = await dataVersion(context.workspace);
    return { state: 'gate-failed', reason: refusalOf(gate), gate, dataVersion: version };
  }
  return { ...(await tryRecipe(environment, context, subject)), gate };
}

/** Trains and compares on the data that lie in the workspace. */
async function tryRecipe(
  environment: Environment,
  context: StageContext,
  { outside, request }: Subject & { outside: Outside },
): Promise<Finding> {
  const versions = { commit: await codeCommit(), dataVersion: await dataVersion(context.workspace) };
  const own = await outside.registry(context);
  try {
    const { registry, champion, unknown } = await openChampion(context, outside, own);
    const cannot = await writePlan(context, champion);
    if (cannot) return { state: 'too-short', reason: cannot, dataVersion: versions.dataVersion };
    const dvc = dvcOutside(environment, outside, { workspace: context.workspace, now: context.now });
    const runLog = await startRunLog(context, {
      mlflow: outside.mlflow,
      experiment: await outside.experiment(context.model),
      remote: outside.homes.remote?.shown,
      review: { sha: request.head, into: request.into },
      ...versions,
    });
    return await told(runLog, async () => {
      await reproduce(dvc, context, ['features'], ['train']);
      return await compareHere(context, { registry, unknown, ...versions });
    });
  } finally {
    await own.close();
  }
}

/** The tracking server hears of the end, whatever it is. */
async function told(runLog: RunLog, work: () => Promise<Finding>): Promise<Finding> {
  try {
    const finding = await work();
    await runLog.finish({ version: null, withBundle: false });
    return { ...finding, mlflowRun: runLog.runId };
  } catch (error) {
    await runLog.fail(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** Collects the source anew, in place of data that cannot be had: the model's data alone, below no other version.
 *  @throws NotCollected */
async function onOwnData(environment: Environment, subject: Subject, outside: Outside): Promise<Finding> {
  const { workspace, model, params } = subject;
  for (const left of ['data.dvc', 'dvc.lock', `data/${model}`, `reports/${model}/source.json`])
    await rm(join(workspace.root, left), { recursive: true, force: true });
  const day = await nextPortalDay(workspace, { now: environment.now(), byCalendar: true, advance: 0 });
  const source = await openSource(params, day);
  try {
    const at = { ...environment, now: source.now ?? environment.now };
    const context = stageContext(at, workspace, model, source.params);
    const dvc = dvcOutside(environment, outside, { workspace, now: context.now });
    const { gate, refused } = await collect(context, { places: source.places, dvc }).catch((cause) => {
      if (!(cause instanceof PerennialError)) throw cause;
      throw new NotCollected(`it cannot be collected here: ${cause.message}`, {
        cause,
        exitCode: cause.exitCode,
        hint: cause.hint,
      });
    });
    if (refused) return { state: 'gate-failed', reason: gate ? refusalOf(gate) : refused, gate };
    return { ...(await tryRecipe(environment, context, { ...subject, outside })), gate };
  } finally {
    await source.close();
  }
}

/** The source cannot be reached from here, or not without a key. */
class NotCollected extends PerennialError {}

/** @returns false where they cannot be had for want of credentials (a fork) */
async function bringData(
  environment: Environment,
  context: StageContext,
  outside: Outside,
): Promise<boolean> {
  const { workspace, model, paths } = context;
  const { remote, mlflow } = outside.homes;
  if (!remote && !mlflow && !existsSync(paths.observations)) return false;
  try {
    await outside.check();
    const dvc = dvcOutside(environment, outside, { workspace, now: context.now });
    await completeData(environment, dvc, { workspace, models: [model], remote });
    return true;
  } catch (error) {
    if (mlflow || environment.signal.aborted) throw error;
    environment.log.warn({ err: error }, 'master’s data cannot be fetched without credentials');
    return false;
  }
}

async function hasData(root: string, sha: string, model: string): Promise<boolean> {
  const there = await Promise.all(
    ['data.dvc', `reports/${model}/source.json`].map((path) => filesAt(root, sha, path)),
  );
  return there.every((files) => files.length > 0);
}
