import { join } from 'node:path';
import type { Dvc } from '../clients/dvc.ts';
import { codeCommit, dataVersion } from '../clients/versions.ts';
import type { StageContext } from '../context.ts';
import { PackManifest } from '../contracts/bundle.ts';
import { Promotion } from '../contracts/promotion.ts';
import type { Registry } from '../contracts/registry.ts';
import type { Snapshot } from '../contracts/snapshot.ts';
import { readJson } from '../files.ts';
import { deliverPending, interruptedRun } from '../stages/log/run.ts';
import { publish } from '../stages/publish/run.ts';
import { completeRegister } from '../stages/register/run.ts';
import { isDue } from '../stages/retrain/due.ts';
import { collect } from './collect.ts';
import type { Outside } from './outside.ts';
import type { PlacesSource } from './places.ts';
import { brief, emptyResult, type RunResult } from './run-result.ts';
import { reproduce, trainAndJudge } from './train-and-judge.ts';
import { writePlan } from './write-plan.ts';

interface LoopOptions {
  train?: boolean;
  places: PlacesSource | undefined;
  outside: Outside;
  dvc: Dvc;
}

/** The loop of one model, in data order. A run killed anywhere is gone on with by the next. */
export async function loop(context: StageContext, options: LoopOptions): Promise<RunResult> {
  const result = emptyResult(context.model, context.workspace);
  const { snapshot, silent, gate, refused } = await collect(context, options);
  Object.assign(result, { silent, gate });
  if (refused) return { ...result, state: 'gate-failed', reason: refused };
  const registry = await options.outside.registry(context);
  try {
    return await withRegistry(context, { ...options, registry, result, snapshot });
  } finally {
    await registry.close();
  }
}

/** The part of the loop that needs the champion: from the decision whether to train to the newest forecast. */
async function withRegistry(
  context: StageContext,
  options: LoopOptions & { registry: Registry; result: RunResult; snapshot: Snapshot },
): Promise<RunResult> {
  const { workspace, paths: at } = context;
  const { registry, outside, result, snapshot } = options;
  const versions = { commit: await codeCommit(), dataVersion: await dataVersion(workspace) };
  await completeRegister(context, { registry, run: await interruptedRun(context), ...versions });
  await deliverPending(context, outside.mlflow);
  const champion = await registry.alias('champion');
  const pack = await readJson(join(at.pack, 'pack.json'), PackManifest);
  const hasNewData = pack?.snapshot !== snapshot.sha256;
  const due = await trainingDue(context, {
    hasChampion: champion !== null,
    hasNewData,
    forced: options.train ?? false,
  });
  context.log.info(due, 'retrain');
  if (!due.due && !hasNewData) {
    return { ...result, champion: brief(champion), reason: `the portal has nothing new; ${due.reason}` };
  }
  const cannot = due.due ? await writePlan(context, champion) : null;
  if (cannot && !champion) return { ...result, state: 'too-short', reason: cannot };
  const trains = due.due && !cannot;
  if (trains) {
    Object.assign(result, await trainAndJudge(context, { ...options, champion, versions }));
  } else {
    await reproduce(options.dvc, context, ['features', 'profile']);
  }
  const serving = await registry.alias('champion');
  result.champion = brief(serving);
  if (serving)
    result.forecasts = await publish(context, { registry, version: serving, snapshot, ...versions });
  result.state = trains ? 'trained' : 'forecast';
  result.reason =
    result.promotion?.reason ?? `forecast with ${serving?.version ?? 'nothing'}; ${cannot ?? due.reason}`;
  return result;
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
