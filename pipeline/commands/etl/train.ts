import { join } from 'node:path';
import type { Dvc } from '../../clients/dvc.ts';
import { codeCommit, dataVersion } from '../../clients/versions.ts';
import { lockWorkspace, prepareWorkspace } from '../../clients/workspace.ts';
import type { StageContext } from '../../context.ts';
import { UsageError } from '../../contracts/errors.ts';
import { SourceState } from '../../contracts/snapshot.ts';
import { readJson } from '../../files.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { modelParams, readParams } from '../../params.ts';
import { deliverPending } from '../../stages/log/run.ts';
import { REPOSITORY, type Workspace } from '../../workspace.ts';
import { type Environment, stageContext } from '../environment.ts';
import { dvcOutside, type Outside, openOutside } from '../outside.ts';
import { nextPortalDay } from '../portal-day.ts';
import { completeData, sendData } from '../remote-data.ts';
import { setAsideOtherSource } from '../set-aside.ts';
import { openSource } from '../source.ts';
import { reproduce, trainAndJudge } from '../train-and-judge.ts';
import { bestTrial, runTrial, trialKey, withTrial } from '../trials.ts';
import { writePlan } from '../write-plan.ts';
import { overriddenModels } from './candidate-plan.ts';
import { openDesk } from './desk.ts';
import { COLLECT_FOLDER, leave, readLeft, robotFilesIn, trainFolder, writeRobotFiles } from './left.ts';
import { needRemote } from './modes.ts';
import { tellWorkflow } from './outputs.ts';
import { carryOutOverride } from './override.ts';
import { type RobotFiles, trainingPaths } from './robot-files.ts';
import { startState } from './start-state.ts';

/** `perennial etl-train`: one model, on what the job before has collected; without such a job, on master's data. */
export async function etlTrainCommand(
  environment: Environment,
  options: { model: string; trial?: string },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  const entry = modelParams(params, options.model);
  if (options.trial !== undefined) withTrial(entry, options.trial);
  const { signal } = environment;
  const workspace = await prepareWorkspace({ mode: 'pull-request', repository: REPOSITORY, signal });
  const outside = await openOutside(environment);
  try {
    const remote = needRemote(outside.homes);
    await outside.check();
    const unlock = await lockWorkspace(workspace);
    try {
      const overridden = await takeState(environment, workspace);
      const day = await nextPortalDay(workspace, { now: environment.now(), byCalendar: true, advance: 0 });
      const source = await openSource(entry, day);
      try {
        const clock = { ...environment, now: source.now ?? environment.now };
        const context = stageContext(clock, workspace, options.model, source.params);
        const simulated = entry.source.simulator !== undefined;
        await setAsideOtherSource(context, { simulated, fresh: false, keptOutside: true });
        if (!(await readJson(context.paths.source, SourceState))) {
          throw new UsageError(`there are no data of ${options.model} in master yet`, {
            hint: 'they come with the next scheduled run after its entry of params.yaml is in master',
          });
        }
        const dvc = dvcOutside(environment, outside, { workspace, now: context.now });
        await completeData(environment, dvc, { workspace, models: [options.model], remote });
        await trainModel(environment, context, {
          outside,
          dvc,
          trial: options.trial,
          overridden: overridden.includes(options.model),
        });
      } finally {
        await source.close();
      }
    } finally {
      await unlock();
    }
  } finally {
    await outside.close();
  }
}

/** Puts what robots have written into the work tree.
 *  @returns models that a person has overridden the verdict for, and master does not know of yet */
async function takeState(environment: Environment, workspace: Workspace): Promise<string[]> {
  const left = await readLeft(join(workspace.root, COLLECT_FOLDER));
  if (left) {
    await writeRobotFiles(workspace.root, left.files);
    return [];
  }
  const desk = await openDesk(environment);
  const { master, pulls } = await desk.look(await readParams(REPOSITORY));
  const pending = pulls.flatMap(({ kind, files }) => (kind === 'promotion' && files ? [files] : []));
  const overridden = overriddenModels(await robotFilesIn(workspace.root), master.files);
  await writeRobotFiles(workspace.root, startState(master.files, null, pending));
  return overridden;
}

interface TrainOptions {
  outside: Outside;
  dvc: Dvc;
  /** One trial alone; undefined: the training itself. */
  trial: string | undefined;
}

async function trainModel(
  environment: Environment,
  context: StageContext,
  options: TrainOptions & { overridden: boolean },
): Promise<void> {
  const { workspace, model } = context;
  const { outside, dvc, trial } = options;
  const registry = await outside.registry(context);
  try {
    const versions = { commit: await codeCommit(), dataVersion: await dataVersion(workspace) };
    const before = await robotFilesIn(workspace.root);
    const champion = await registry.alias('champion');
    const cannot = await writePlan(context, champion);
    const left = {
      kind: 'train' as const,
      model,
      trained: !cannot,
      champion: champion?.digest ?? null,
      commit: versions.commit,
    };
    const folder = join(workspace.root, trainFolder(model));
    if (cannot) {
      if (trial === undefined) await leave(folder, { ...left, promoted: false }, new Map());
      await tellWorkflow(environment, {}, `\`${model}\` is not trained: ${cannot}`);
      return;
    }
    await deliverPending(context, outside.mlflow);
    const tuned = await tune(environment, context, { ...options, ...versions });
    if (!tuned) return;
    const result = await trainAndJudge(tuned, { outside, dvc, registry, champion, versions });
    const { promotion } = result;
    const given =
      options.overridden && promotion ? await carryOutOverride(tuned, { registry, promotion }) : null;
    await sendData(environment, dvc, {
      workspace,
      model,
      remote: outside.homes.remote,
      changed: true,
    });
    const promoted = given !== null || (promotion?.promote ?? false);
    await leave(folder, { ...left, promoted }, ofModel(await robotFilesIn(workspace.root), before, model));
    await tellWorkflow(
      environment,
      {},
      `\`${model}\`: ${escapeMarkdown(given ? `promoted by an override: ${given.why}` : (promotion?.reason ?? ''))}`,
    );
  } finally {
    await registry.close();
  }
}

/** Takes one trial, and is done then (null); or the settings of the best one, where trials were taken. */
async function tune(
  environment: Environment,
  context: StageContext,
  options: TrainOptions & { dataVersion: string },
): Promise<StageContext | null> {
  const { outside, dvc, trial, dataVersion } = options;
  const { params, model } = context;
  if (Object.keys(params.train.trials).length === 0 || !outside.mlflow) return context;
  await reproduce(dvc, context, ['features']);
  const experiment = await outside.experiment(model);
  const request = { mlflow: outside.mlflow, experiment, key: await trialKey(context, dataVersion) };
  if (trial !== undefined) {
    const { score } = await runTrial(context, { ...request, name: trial });
    await tellWorkflow(environment, {}, `\`${model}\`, trial \`${trial}\`: ${score ?? 'no score'}`);
    return null;
  }
  const best = await bestTrial(context, request);
  if (!best) return context;
  await tellWorkflow(
    environment,
    {},
    `\`${model}\`: trial \`${best.name}\` was best (${best.score.toPrecision(4)})`,
  );
  return { ...context, params: withTrial(params, best.name) };
}

/** What the training wrote, and nothing that was there before it. */
function ofModel(files: RobotFiles, before: RobotFiles, model: string): RobotFiles {
  const paths = ['dvc.lock', `reports/${model}/production.json`, ...trainingPaths(files, model)];
  return new Map(
    paths.flatMap((path) => {
      const text = files.get(path);
      const isOld = path.includes('/history/') && before.get(path) === text;
      return text === undefined || isOld ? [] : [[path, text] as const];
    }),
  );
}
