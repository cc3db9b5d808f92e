import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { collectFile } from '../clients/collect-source.ts';
import { type Dvc, dvcAt } from '../clients/dvc.ts';
import { type CachedStage, writeRecipes } from '../clients/recipe.ts';
import { codeCommit, dataVersion } from '../clients/versions.ts';
import { commitWorkspace, lockWorkspace, prepareWorkspace } from '../clients/workspace.ts';
import type { StageContext } from '../context.ts';
import { PackManifest } from '../contracts/bundle.ts';
import { GateError } from '../contracts/errors.ts';
import type { GateReport } from '../contracts/gate.ts';
import { MetricsFile } from '../contracts/metrics.ts';
import { indexAt, STEP_MS } from '../contracts/panel.ts';
import type { ModelParams } from '../contracts/params.ts';
import { Plan } from '../contracts/plan.ts';
import { Promotion } from '../contracts/promotion.ts';
import type { RegisteredVersion } from '../contracts/registry.ts';
import { SourceState } from '../contracts/snapshot.ts';
import { readJson, writeJson } from '../files.ts';
import { folderRegistry } from '../registry/folder.ts';
import { compare } from '../stages/compare/run.ts';
import { evaluate } from '../stages/evaluate/run.ts';
import { gate } from '../stages/gate/run.ts';
import { ingest } from '../stages/ingest/run.ts';
import { publish } from '../stages/publish/run.ts';
import { completeRegister, register } from '../stages/register/run.ts';
import { isDue } from '../stages/retrain/due.ts';
import type { LatestForecast } from '../tasks/task.ts';
import { REPOSITORY, type Workspace } from '../workspace.ts';
import { type Environment, type Mode, stageContext } from './environment.ts';
import { observationAxis } from './observation-span.ts';
import { type PlacesSource, preparePlaces } from './places.ts';
import { planFile, planWindows } from './plan.ts';
import { nextPortalDay, rememberPortalDay } from './portal-day.ts';
import { setAsideOtherSource } from './set-aside.ts';
import { showRun } from './show-run.ts';
import { openSource } from './source.ts';

/** What one model's run came to; `--json` prints it. */
export interface RunResult {
  model: string;
  state: 'nothing-new' | 'gate-failed' | 'too-short' | 'forecast' | 'trained';
  /** One sentence. */
  reason: string;
  gate: GateReport | null;
  promotion: Promotion | null;
  metrics: MetricsFile | null;
  champion: { version: string; candidate: string; train_end: string } | null;
  forecasts: LatestForecast[];
  silent: { since: string; expected_every: string } | null;
  workspace: string;
}

export interface RunModelsOptions {
  mode: Mode;
  /** Train even when it is not due. */
  train?: boolean;
  /** Set aside what was learnt so far. */
  fresh?: boolean;
  /** Days by which the simulated portal has moved on. */
  days: number;
  json?: boolean;
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
  const unlock = await lockWorkspace(workspace);
  const results: RunResult[] = [];
  try {
    for (const model of models) results.push(await runModel(environment, workspace, model, options));
  } finally {
    await unlock();
  }
  showRun(environment, results, workspace, options.json ?? false);
  const refused = results.filter((result) => result.state === 'gate-failed');
  if (refused.length > 0) {
    throw new GateError(`the gate refused the data of ${refused.map((result) => result.model).join(', ')}`, {
      hint: `read ${refused.map(({ model }) => relative(REPOSITORY, join(workspace.root, 'reports', model, 'gate.md'))).join(', ')}; what was served before is served on`,
    });
  }
}

async function runModel(
  environment: Environment,
  workspace: Workspace,
  model: { name: string; params: ModelParams },
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
    });
    if (aside)
      environment.console.say(
        `Another source than before: what was learnt from that one is kept in ${aside}`,
      );
    const result = await loop(environment, context, { ...options, places: source.places });
    if (model.params.source.simulator) await rememberPortalDay(workspace, day);
    await commitWorkspace(workspace, `${model.name}: ${result.reason}`);
    return result;
  } finally {
    await source.close();
  }
}

/** The loop of one model, in data order. A run killed anywhere is gone on with by the next. */
async function loop(
  environment: Environment,
  context: StageContext,
  options: { train?: boolean; places: PlacesSource | undefined },
): Promise<RunResult> {
  const { workspace, paths: at, model } = context;
  const result = emptyResult(model, workspace);
  const arrived = await ingest(context);
  result.silent = arrived.silent;
  const state = await readJson(at.source, SourceState);
  if (state?.gated?.sha256 !== arrived.snapshot.sha256) {
    const verdict = await gate(context, arrived);
    result.gate = verdict.report;
    if (!verdict.passed) return { ...result, state: 'gate-failed', reason: 'the gate refused the new data' };
  } else if (!state.gated.passed) {
    return { ...result, state: 'gate-failed', reason: 'the portal still shows what the gate refused' };
  }
  await preparePlaces(context, options.places, collectFile);
  const registry = folderRegistry(at.registry, { model, now: context.now });
  const dvc = dvcFor(environment, context);
  await dvc.add('data');
  const versions = { commit: await codeCommit(), dataVersion: await dataVersion(workspace) };
  await completeRegister(context, { registry, ...versions });
  const champion = await registry.alias('champion');
  const pack = await readJson(join(at.pack, 'pack.json'), PackManifest);
  const hasNewData = pack?.snapshot !== arrived.snapshot.sha256;
  const due = await trainingDue(context, {
    hasChampion: champion !== null,
    hasNewData,
    forced: options.train ?? false,
  });
  context.log.info(due, 'retrain');
  if (!due.due && !hasNewData) {
    return { ...result, champion: brief(champion), reason: `the portal has nothing new; ${due.reason}` };
  }
  if (due.due) {
    const tooShort = await writePlan(context, champion);
    if (tooShort) return { ...result, state: 'too-short', reason: tooShort };
  }
  await reproduce(dvc, context, due.due ? ['features', 'profile', 'train'] : ['features', 'profile']);
  if (due.due) {
    await evaluate(context, { registry, ...versions });
    result.promotion = await compare(context, versions);
    if (!champion && !result.promotion.promote && existsSync(join(at.train, 'fallback'))) {
      // A first model that does not beat the baseline is not published; the baseline is, and says so.
      await evaluate(context, { registry, ...versions, fallback: true });
      result.promotion = await compare(context, { ...versions, fallback: true });
    }
    result.metrics = await readJson(at.metrics, MetricsFile);
    await register(context, { registry, promotion: result.promotion, ...versions });
  }
  const serving = await registry.alias('champion');
  result.champion = brief(serving);
  if (serving)
    result.forecasts = await publish(context, {
      registry,
      version: serving,
      snapshot: arrived.snapshot,
      ...versions,
    });
  result.state = due.due ? 'trained' : 'forecast';
  result.reason = result.promotion?.reason ?? `forecast with ${serving?.version ?? 'nothing'}; ${due.reason}`;
  return result;
}

function emptyResult(model: string, workspace: Workspace): RunResult {
  return {
    model,
    state: 'nothing-new',
    reason: '',
    gate: null,
    promotion: null,
    metrics: null,
    champion: null,
    forecasts: [],
    silent: null,
    workspace: workspace.root,
  };
}

function brief(version: RegisteredVersion | null): RunResult['champion'] {
  return version && { version: version.version, candidate: version.candidate, train_end: version.train_end };
}

async function trainingDue(
  context: StageContext,
  input: { hasChampion: boolean; hasNewData: boolean; forced: boolean },
) {
  const last = await readJson(context.paths.promotion, Promotion);
  return isDue({
    ...input,
    now: context.now(),
    trained: last && new Date(last.decided_at),
    every: context.params.schedule.train,
  });
}

/** @returns null, or in a sentence why the series is too short to train on */
async function writePlan(context: StageContext, champion: RegisteredVersion | null): Promise<string | null> {
  const { paths: at, model, params } = context;
  const axis = await observationAxis(at);
  const settling =
    axis.step === 'hour' ? 0 : Math.ceil((params.settled_after_days * STEP_MS.day) / axis.stepMs);
  const windows = planWindows(axis, {
    settled: axis.length - 1 - settling,
    horizon: Math.max(...params.horizons),
    championEnd: champion && indexAt(axis, Date.parse(champion.train_end)),
  });
  if ('tooShort' in windows) {
    return `${windows.have} ${axis.step}s are too few to train and to judge a model; ${windows.need} are needed`;
  }
  const plan = planFile(
    model,
    axis,
    windows,
    champion && { version: champion.version, digest: champion.digest, train_end: champion.train_end },
  );
  await writeJson(at.plan, Plan, plan);
  return null;
}

/** Runs the cached stages through DVC, which skips what did not change. */
async function reproduce(dvc: Dvc, context: StageContext, stages: CachedStage[]): Promise<void> {
  await writeRecipes(context.workspace, context.model, context.params);
  const result = await dvc.repro(stages.map((stage) => `${stage}@${context.model}`));
  context.log.info(result, 'dvc repro');
}

function dvcFor(environment: Environment, context: StageContext): Dvc {
  return dvcAt({
    root: context.workspace.root,
    signal: context.signal,
    env: {
      PERENNIAL_WORKSPACE: context.workspace.root,
      PERENNIAL_RUN: environment.run,
      PERENNIAL_NOW: context.now().toISOString(),
    },
    // The stages' own progress goes on; DVC's words go to the log.
    onLine: (line) =>
      /^ {2}\S/.test(line) ? environment.console.say(line) : context.log.debug({ line }, 'dvc'),
  });
}
