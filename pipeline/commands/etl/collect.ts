import { join } from 'node:path';
import { markdownTable } from 'markdown-table';
import { lockWorkspace, prepareWorkspace } from '../../clients/workspace.ts';
import { GateError, PerennialError } from '../../contracts/errors.ts';
import type { Params } from '../../contracts/params.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { modelParams, readParams } from '../../params.ts';
import { REPOSITORY, type Workspace } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { openOutside } from '../outside.ts';
import { collectModel, type ModelCollected } from './collect-model.ts';
import { type Desk, openDesk, type Seen } from './desk.ts';
import { tellGate } from './gate-issues.ts';
import { COLLECT_FOLDER, leave, robotFilesIn, writeRobotFiles } from './left.ts';
import { modelDue } from './model-due.ts';
import { mayMerge, needRemote } from './modes.ts';
import { runPage, tellWorkflow } from './outputs.ts';
import { planPulls } from './pulls.ts';
import { promotedIn, type RobotFiles } from './robot-files.ts';
import { startState } from './start-state.ts';

/** `perennial etl-collect`: looks at every portal whose turn has come, and says what the next jobs have to do. */
export async function etlCollectCommand(
  environment: Environment,
  options: { model?: string; train?: boolean },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  const active = Object.keys(params.models).filter((name) => params.models[name].active);
  const names = options.model ? [options.model] : active;
  for (const name of names) modelParams(params, name);
  const { signal } = environment;
  const workspace = await prepareWorkspace({ mode: 'pull-request', repository: REPOSITORY, signal });
  const outside = await openOutside(environment);
  const looked: ModelCollected[] = [];
  try {
    needRemote(outside.homes);
    await outside.check();
    const unlock = await lockWorkspace(workspace);
    try {
      const desk = await openDesk(environment);
      const seen = await desk.look(params);
      const pending = promotionsOf(seen);
      await writeRobotFiles(workspace.root, startState(seen.master.files, seen.data?.files ?? null, pending));
      for (const model of names) {
        const due = async (now: Date) =>
          modelDue(model, {
            state: await robotFilesIn(workspace.root),
            pending,
            params: params.models[model],
            now,
            forced: options.train ?? false,
          });
        const about = {
          workspace,
          outside,
          model,
          params: params.models[model],
          named: !!options.model,
          due,
        };
        looked.push(await collectModel(environment, about));
        environment.console.say(`${model}: ${looked.at(-1)?.state}; ${looked.at(-1)?.reason}`);
      }
      await tellAll(environment, { desk, seen, params, workspace, looked });
    } finally {
      await unlock();
    }
  } finally {
    await outside.close();
  }
  refuse(looked);
}

/** What later jobs go by is told before anything that may still fail. */
async function tellAll(
  environment: Environment,
  about: { desk: Desk; seen: Seen; params: Params; workspace: Workspace; looked: ModelCollected[] },
): Promise<void> {
  const { desk, seen, params, workspace, looked } = about;
  const collected = looked.filter(({ state }) => state === 'collected').map(({ model }) => model);
  const train = looked.filter((one) => one.train).map(({ model }) => model);
  const work = collected.length > 0 || train.length > 0 || hasWork(seen, params, environment.now());
  if (work) {
    const folder = join(workspace.root, COLLECT_FOLDER);
    const left = { kind: 'collect' as const, data_branch: seen.data?.sha ?? null, collected };
    await leave(folder, left, await robotFilesIn(workspace.root));
  }
  const trials = train.flatMap((model) =>
    Object.keys(params.models[model].train.trials).map((trial) => ({ model, trial })),
  );
  await tellWorkflow(
    environment,
    {
      changed: String(collected.length > 0),
      train: JSON.stringify(train.map((model) => ({ model }))),
      trials: JSON.stringify(trials),
      propose: String(work),
    },
    summaryOf(looked),
  );
  for (const line of await tellGate(desk.github, looked, runPage())) environment.console.say(line);
}

/** Pull requests that expire, are to be merged, or lie on top of a master that has gone on. */
function hasWork(seen: Seen, params: Params, now: Date): boolean {
  if (planPulls(seen.pulls, { kind: 'nothing' }, now).length > 0) return true;
  return seen.pulls.some(({ files, outdated }) => {
    if (outdated) return true;
    const promoted = files ? promotedIn(files, seen.master.files).map(({ model }) => model) : [];
    return mayMerge(params, promoted);
  });
}

function promotionsOf({ pulls }: Seen): RobotFiles[] {
  return pulls.flatMap(({ kind, files }) => (kind === 'promotion' && files ? [files] : []));
}

function summaryOf(looked: ModelCollected[]): string {
  const rows = looked.map(({ model, state, reason, train, trainReason }) => [
    `\`${model}\``,
    STATES[state],
    escapeMarkdown(reason),
    train ? `yes: ${escapeMarkdown(trainReason)}` : escapeMarkdown(trainReason),
  ]);
  return markdownTable([['Model', 'Look', 'What there was', 'Training'], ...rows]);
}

const STATES: Record<ModelCollected['state'], string> = {
  skipped: '– skipped',
  'nothing-new': '– nothing new',
  refused: '✗ refused by the gate',
  collected: '✓ collected',
  failed: '✗ failed',
};

/** @throws the first failure, or GateError: the other models' work is done and told */
function refuse(looked: ModelCollected[]): void {
  const failed = looked.find(({ state }) => state === 'failed');
  const refused = looked.filter(({ state }) => state === 'refused').map(({ model }) => model);
  if (refused.length > 0) {
    throw new GateError(`the gate refused the data of ${refused.join(', ')}`, {
      hint: 'the issue labelled perennial-gate has its report; what was served before is served on',
    });
  }
  if (failed?.error instanceof PerennialError) throw failed.error;
  if (failed) throw new Error(`${failed.model}: ${failed.reason}`, { cause: failed.error });
}
