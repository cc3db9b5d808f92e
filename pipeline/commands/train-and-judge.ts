import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dvc } from '../clients/dvc.ts';
import { type CachedStage, writeRecipes } from '../clients/recipe.ts';
import type { StageContext } from '../context.ts';
import { UsageError } from '../contracts/errors.ts';
import { MetricsFile } from '../contracts/metrics.ts';
import type { RegisteredVersion, Registry } from '../contracts/registry.ts';
import { readJson } from '../files.ts';
import { compare } from '../stages/compare/run.ts';
import { evaluate } from '../stages/evaluate/run.ts';
import { type RunLog, startRunLog } from '../stages/log/run.ts';
import { register } from '../stages/register/run.ts';
import type { Outside } from './outside.ts';
import type { RunResult } from './run-result.ts';

export interface Training {
  outside: Outside;
  dvc: Dvc;
  registry: Registry;
  champion: RegisteredVersion | null;
  versions: { commit: string; dataVersion: string };
}

/** A training, told to the tracking server from its begin to its end, also where that is a failure. */
export async function trainAndJudge(
  context: StageContext,
  training: Training,
): Promise<Pick<RunResult, 'promotion' | 'metrics'>> {
  const { outside, versions } = training;
  refuseToForget(context, outside);
  const runLog = await startRunLog(context, {
    mlflow: outside.mlflow,
    experiment: await outside.experiment(context.model),
    remote: outside.homes.remote?.shown,
    ...versions,
  });
  try {
    const { version, ...judged } = await train(context, { ...training, runLog });
    await runLog.finish({ version: version.version, withBundle: false });
    return judged;
  } catch (error) {
    await runLog.fail(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** @throws UsageError where the version that is to be registered would be gone with the machine */
function refuseToForget({ workspace }: StageContext, { homes }: Outside): void {
  if (workspace.local || homes.mlflow || process.env.GITHUB_ACTIONS !== 'true') return;
  throw new UsageError(
    'no MLflow is configured: the version that this training makes would be lost with the runner',
    {
      hint: 'set the secrets MLFLOW_TRACKING_URI (and user and password, or token), or DAGSHUB_REPO and DAGSHUB_TOKEN; docs/homes.md',
    },
  );
}

async function train(
  context: StageContext,
  { dvc, registry, champion, versions, runLog }: Training & { runLog: RunLog },
) {
  const { paths: at } = context;
  // One after the other: DVC takes stages that do not need each other in any order, and writes dvc.lock in that order.
  await reproduce(dvc, context, ['features', 'profile'], ['train']);
  await evaluate(context, { registry, ...versions });
  let promotion = await compare(context, versions);
  if (!champion && !promotion.promote && existsSync(join(at.train, 'fallback'))) {
    // A first model that does not beat the baseline is not published; the baseline is, and says so.
    await evaluate(context, { registry, ...versions, fallback: true });
    promotion = await compare(context, { ...versions, fallback: true });
  }
  const version = await register(context, { registry, promotion, run: runLog.runId, ...versions });
  return { version, promotion, metrics: await readJson(at.metrics, MetricsFile) };
}

/** Runs groups of cached stages through DVC, one group after the other; DVC skips what did not change. */
export async function reproduce(dvc: Dvc, context: StageContext, ...groups: CachedStage[][]): Promise<void> {
  await writeRecipes(context.workspace, context.model, context.params);
  for (const stages of groups) {
    const result = await dvc.repro(stages.map((stage) => `${stage}@${context.model}`));
    context.log.info(result, 'dvc repro');
  }
}
