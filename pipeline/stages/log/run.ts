import { setTimeout as sleep } from 'node:timers/promises';
import { beginRun, deliver } from '../../clients/deliver-run.ts';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import { recordedUrl } from '../../clients/redact.ts';
import { readOrigin } from '../../clients/run-origin.ts';
import {
  failRecord,
  finishRecord,
  openRecord,
  pendingRecords,
  type Spooled,
  type SpoolLimits,
} from '../../clients/run-spool.ts';
import type { StageContext } from '../../context.ts';
import { PerennialError } from '../../contracts/errors.ts';
import type { RunOrigin } from '../../contracts/run-record.ts';
import { writeWhole } from '../../files.ts';
import { withoutSecrets } from '../../secrets.ts';
import { descriptionAtEnd, descriptionAtStart } from './description.ts';
import type { BeginningFacts } from './facts.ts';
import { modelCard } from './model-card.ts';
import { artifactsOf, readFacts } from './read-facts.ts';
import { datasetOf } from './run-dataset.ts';
import { metricsOf } from './run-metrics.ts';
import { paramsAtEnd, paramsAtStart } from './run-params.ts';
import { runName, tagsAtEnd, tagsAtStart } from './run-tags.ts';

/** A training does not wait longer for a slow server; the run is made beside it, or afterwards. */
const BEGIN_WAIT_MS = 10_000;

export interface RunLogOptions {
  /** null: nothing is logged, and nothing is kept. */
  mlflow: Mlflow | null;
  commit: string;
  dataVersion: string;
  /** Default: the model's name. */
  experiment?: string;
  /** MLflow's id of the run that this one is a part of. */
  parent?: string | null;
  /** Address of the data in the DVC remote, as a person may see it. */
  remote?: string | null;
  /** A try of a pull request, which nothing is registered of: its head, and the branch it is to be merged into. */
  review?: { sha: string; into: string };
  /** Default: asked of git and of the environment. */
  origin?: RunOrigin;
}

export interface RunLog {
  /** The tracking server's run; null while there is none. */
  readonly runId: string | null;
  /** Gathers what the stages left and sends it.
   *  @param about version as registered; withBundle where the registry is a folder: then the bundle is logged too */
  finish(about: { version: string | null; withBundle: boolean }): Promise<void>;
  /** @param reason one sentence */
  fail(reason: string): Promise<void>;
}

/** Begins the record of a training run, and the run at the tracking server so that people see it live.
 *  Neither a server that is away nor a full disk stops a training: it is said, and the training goes on. */
export async function startRunLog(context: StageContext, options: RunLogOptions): Promise<RunLog> {
  const { mlflow } = options;
  if (!mlflow) return NOTHING;
  const { model, params, log, now, paths } = context;
  const beginning: BeginningFacts = {
    model,
    params,
    urls: (params.source.urls ?? []).map(recordedUrl),
    commit: options.commit,
    dataVersion: options.dataVersion,
    startedAt: now().toISOString(),
    origin: options.origin ?? (await readOrigin()),
    parent: options.parent ?? null,
    review: options.review ?? null,
  };
  let spooled: Spooled;
  try {
    spooled = await openRecord(paths.spool, {
      model,
      experiment: options.experiment ?? model,
      name: runName(beginning),
      started_at: beginning.startedAt,
      description: descriptionAtStart(beginning),
      tags: tagsAtStart(beginning),
      params: paramsAtStart(beginning),
    });
  } catch (error) {
    warn(context, error);
    return NOTHING;
  }
  let run: Run | undefined;
  const begun = beginRun(mlflow, spooled).then(
    (answer) => {
      ({ spooled, run } = answer);
    },
    (error) => log.warn({ err: error }, 'no run at the tracking server yet: it is delivered later'),
  );
  await Promise.race([begun, sleep(BEGIN_WAIT_MS, undefined, { ref: false })]);

  return {
    get runId() {
      return run?.info.run_id ?? null;
    },
    async finish({ version, withBundle }) {
      await begun;
      try {
        const facts = await readFacts(context, beginning, version);
        await writeWhole(paths.modelCard, modelCard(facts));
        spooled = await finishRecord(spooled, {
          ended_at: facts.endedAt,
          description: descriptionAtEnd(facts),
          tags: tagsAtEnd(facts),
          params: paramsAtEnd(facts),
          metrics: metricsOf(facts),
          datasets: [datasetOf(facts, options.remote ?? null)],
          artifacts: await artifactsOf(context, facts, { withBundle }),
        });
      } catch (error) {
        warn(context, error);
        await end(`its log could not be gathered: ${sentence(error)}`);
        return;
      }
      await send();
    },
    async fail(reason) {
      await begun;
      await end(reason);
    },
  };

  async function end(reason: string): Promise<void> {
    try {
      spooled = await failRecord(spooled, { reason: withoutSecrets(reason), at: now().toISOString() });
    } catch (error) {
      warn(context, error);
      return;
    }
    await send();
  }

  async function send(): Promise<void> {
    const step = context.progress.start(`logging the run of ${model}`);
    try {
      const delivered = await deliver(mlflow!, spooled, { run });
      step.done(delivered?.page ?? 'it was deleted at the tracking server meanwhile');
      if (delivered && delivered.withheld.length > 0)
        log.warn({ withheld: delivered.withheld }, 'the tracking server did not take all of the run');
    } catch (error) {
      step.done('kept on disk: the next run delivers it');
      warn(context, error);
    }
  }
}

/** Sends what earlier runs could not, oldest first; to be called before a run begins.
 *  @returns how many were delivered, and how many still wait */
export async function deliverPending(
  context: StageContext,
  mlflow: Mlflow | null,
  limits?: Partial<SpoolLimits>,
): Promise<{ delivered: number; waiting: number }> {
  if (!mlflow) return { delivered: 0, waiting: 0 };
  const { log, paths } = context;
  const pending = await pendingRecords(paths.spool, { log, limits });
  let delivered = 0;
  for (const spooled of pending) {
    try {
      await deliver(mlflow, spooled);
      delivered++;
    } catch (error) {
      warn(context, error);
      // What one record was refused for, the others are too, unless it is of that record alone.
      if (error instanceof MlflowError && error.failure !== 'invalid') break;
    }
  }
  if (delivered > 0) log.info({ delivered }, 'runs of earlier times were delivered to the tracking server');
  return { delivered, waiting: pending.length - delivered };
}

/** The tracking server's run of the last training that was stopped, for completing what it decided; null: none.
 *  To be asked before `deliverPending`, which forgets it. */
export async function interruptedRun({ paths, log }: StageContext): Promise<string | null> {
  const pending = await pendingRecords(paths.spool, { log });
  return pending.findLast(({ record }) => record.state === 'failed')?.record.mlflow_run ?? null;
}

const NOTHING: RunLog = { runId: null, async finish() {}, async fail() {} };

function warn({ log }: StageContext, error: unknown): void {
  const hint = error instanceof PerennialError ? error.hint : undefined;
  log.warn({ err: error, hint }, `the run was not logged: ${sentence(error)}`);
}

function sentence(error: unknown): string {
  return withoutSecrets(error instanceof Error ? error.message : String(error));
}
