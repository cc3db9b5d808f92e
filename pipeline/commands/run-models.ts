import { join, relative } from 'node:path';
import { commitWorkspace, lockWorkspace, prepareWorkspace } from '../clients/workspace.ts';
import { GateError } from '../contracts/errors.ts';
import type { Homes } from '../contracts/homes.ts';
import type { ModelParams } from '../contracts/params.ts';
import { REPOSITORY, type Workspace } from '../workspace.ts';
import { type Environment, type Mode, stageContext } from './environment.ts';
import { loop } from './loop.ts';
import { dvcOutside, type Outside, openOutside } from './outside.ts';
import { nextPortalDay, rememberPortalDay } from './portal-day.ts';
import { completeData, sendData } from './remote-data.ts';
import type { RunResult } from './run-result.ts';
import { setAsideOtherSource } from './set-aside.ts';
import { showRun } from './show-run.ts';
import { openSource } from './source.ts';

export interface RunModelsOptions {
  mode: Mode;
  /** Train even when it is not due. */
  train?: boolean;
  /** Set aside what was learnt so far. */
  fresh?: boolean;
  /** Days by which the simulated portal has moved on. */
  days: number;
  json?: boolean;
  /** Default: those that the environment tells of. */
  homes?: Homes;
}

export async function runModels(
  environment: Environment,
  models: { name: string; params: ModelParams }[],
  options: RunModelsOptions,
): Promise<void> {
  const workspace = await prepareWorkspace({
    mode: options.mode,
    repository: REPOSITORY,
    signal: environment.signal,
  });
  const outside = await openOutside(environment, options.homes);
  const results: RunResult[] = [];
  try {
    await outside.check();
    const unlock = await lockWorkspace(workspace);
    try {
      const dvc = dvcOutside(environment, outside, { workspace, now: environment.now });
      await completeData(environment, dvc, {
        workspace,
        models: models.map(({ name }) => name),
        remote: outside.homes.remote,
      });
      for (const model of models)
        results.push(await runModel(environment, { workspace, outside, ...model }, options));
    } finally {
      await unlock();
    }
  } finally {
    await outside.close();
  }
  showRun(environment, results, workspace, options.json ?? false);
  const refused = results.filter((result) => result.state === 'gate-failed');
  if (refused.length > 0) {
    throw new GateError(`the gate refused the data of ${refused.map((result) => result.model).join(', ')}`, {
      hint: `read ${refused.map(({ model }) => relative(REPOSITORY, join(workspace.root, 'reports', model, 'gate.md'))).join(', ')}; what was served before is served on`,
    });
  }
}

interface Subject {
  workspace: Workspace;
  outside: Outside;
  /** The model's name, and its entry of params.yaml. */
  name: string;
  params: ModelParams;
}

async function runModel(
  environment: Environment,
  { workspace, outside, ...model }: Subject,
  options: RunModelsOptions,
): Promise<RunResult> {
  const byCalendar = !workspace.local || process.env.PERENNIAL_NOW !== undefined;
  const day = await nextPortalDay(workspace, { now: environment.now(), byCalendar, advance: options.days });
  const source = await openSource(model.params, day);
  try {
    const context = stageContext(
      { ...environment, now: source.now ?? environment.now },
      workspace,
      model.name,
      source.params,
    );
    const aside = await setAsideOtherSource(context, {
      simulated: model.params.source.simulator !== undefined,
      fresh: options.fresh ?? false,
      keptOutside: outside.mlflow !== null,
    });
    if (aside)
      environment.console.say(
        `Another source than before: what was learnt from that one is kept in ${aside}`,
      );
    const dvc = dvcOutside(environment, outside, { workspace, now: context.now });
    const result = await loop(context, { ...options, outside, dvc, places: source.places });
    if (model.params.source.simulator) await rememberPortalDay(workspace, day);
    // Before the commit: what git names is to be had by others.
    await sendData(environment, dvc, {
      workspace,
      model: model.name,
      remote: outside.homes.remote,
      changed: result.state === 'trained' || result.state === 'forecast',
    });
    await commitWorkspace(workspace, `${model.name}: ${result.reason}`);
    return result;
  } finally {
    await source.close();
  }
}
