import { setTimeout as sleep } from 'node:timers/promises';
import { CorruptError } from '../contracts/errors.ts';
import type { RunRecord } from '../contracts/run-record.ts';
import type { Run } from './mlflow/answers.ts';
import { lanes } from './mlflow/lanes.ts';
import { safeKey } from './mlflow/limits.ts';
import type { DatasetInput, Mlflow } from './mlflow/mlflow.ts';
import { MlflowError } from './mlflow/mlflow-error.ts';
import { rememberRun, removeRecord, type Spooled, spooledArtifact } from './run-spool.ts';

/** By this tag a run that was made is found again, also where the answer was lost. */
export const DELIVERY = 'perennial.delivery';

const UPLOADS = 4;
/** A request whose answer was lost may still be at work in the server: looks for what it made, and the wait between. */
const LOOKS = { times: 3, waitMs: 1_000 };

export interface Delivered {
  run: string;
  page: string;
  /** What the server did not take, in words; a tag of the run says it too. */
  withheld: string[];
}

/** Otherwise MLflow 3 shows a new experiment as one of prompts and traces. */
const EXPERIMENT_TAGS = { 'mlflow.experimentKind': 'custom_model_development' };

/** The tracking server's run of a record: found by its tag or made, RUNNING. */
export async function beginRun(mlflow: Mlflow, spooled: Spooled): Promise<{ spooled: Spooled; run: Run }> {
  const { record } = spooled;
  if (record.mlflow_run) {
    const run = await mlflow.run(record.mlflow_run);
    // Another server than before has none of it.
    if (run) return { spooled, run };
  }
  const experiment = await mlflow.ensureExperiment(record.experiment, EXPERIMENT_TAGS);
  const run =
    (await findRun(mlflow, experiment.experiment_id, record.id)) ??
    (await makeRun(mlflow, experiment.experiment_id, record));
  return { spooled: await rememberRun(spooled, run.info.run_id), run };
}

/**
 * Sends a record and removes it once the server has all of it. Killed anywhere and called again it changes nothing that
 * was sent: the run is found by its tag, points, parameters, inputs and artifacts are what they were.
 * @param run where `beginRun` has just answered
 * @returns null where a person has deleted the run: the record goes too
 * @throws MlflowError where the server is away or refuses us: the record stays
 */
export async function deliver(
  mlflow: Mlflow,
  begun: Spooled,
  options: { run?: Run } = {},
): Promise<Delivered | null> {
  const { spooled, run } = options.run ? { spooled: begun, run: options.run } : await beginRun(mlflow, begun);
  const { record } = spooled;
  const { run_id: id, experiment_id: experimentId } = run.info;
  if (run.info.lifecycle_stage === 'deleted') {
    await removeRecord(spooled);
    return null;
  }
  const withheld: string[] = [];
  let lost = false;
  const take = async (what: string, send: () => Promise<void>) => {
    try {
      // The others need not find out one by one that the server is gone.
      if (!lost) await send();
    } catch (error) {
      lost ||= !isRefusal(error);
      if (!isRefusal(error)) throw error;
      withheld.push(`${what}: ${error.message}`);
    }
  };
  const upload = lanes(UPLOADS);
  await everyOne([
    mlflow.logBatch(id, { metrics: pointsOf(record), params: paramsOf(record), tags: tagsOf(record) }),
    ...(record.datasets.length > 0
      ? [take('data set', () => mlflow.logInputs(id, record.datasets.map(inputOf)))]
      : []),
    ...record.artifacts.map((artifact) =>
      // Read when it is its turn: not all of them are to be in memory at once.
      upload(() =>
        take(artifact.path, async () =>
          mlflow.uploadArtifact(run, artifact.path, await spooledArtifact(spooled, artifact)),
        ),
      ),
    ),
  ]);
  if (withheld.length > 0)
    await mlflow.logBatch(id, { tags: { 'perennial.withheld': withheld.sort().join('\n') } });
  // Last: a run that reads as finished has everything.
  await mlflow.updateRun(id, {
    status: record.state === 'finished' ? 'FINISHED' : 'FAILED',
    ...(record.ended_at !== null && { endTime: new Date(record.ended_at) }),
  });
  await removeRecord(spooled);
  return { run: id, page: mlflow.page({ experimentId, runId: id }), withheld };
}

/** Of several runs with the tag, left by a request that was thought lost, the first is kept. */
async function findRun(mlflow: Mlflow, experimentId: string, id: string): Promise<Run | null> {
  const filter = `tags.\`${DELIVERY}\` = '${id}'`;
  const found = await mlflow.searchRuns({ experimentIds: [experimentId], filter, limit: 10 });
  const [first, ...others] = found.sort((a, b) => (a.info.run_id < b.info.run_id ? -1 : 1));
  for (const { info } of others) await mlflow.deleteRun(info.run_id);
  return first ?? null;
}

async function makeRun(mlflow: Mlflow, experimentId: string, record: RunRecord): Promise<Run> {
  try {
    return await mlflow.createRun({
      experimentId,
      name: record.name,
      startTime: new Date(record.started_at),
      tags: tagsOf(record),
    });
  } catch (error) {
    if (!(error instanceof MlflowError) || error.failure !== 'unknown-outcome') throw error;
    for (let look = 0; look < LOOKS.times; look++) {
      await sleep(LOOKS.waitMs);
      const run = await findRun(mlflow, experimentId, record.id);
      if (run) return run;
    }
    throw error;
  }
}

function tagsOf({ id, tags, description, failure }: RunRecord): Record<string, string> {
  const sent: Record<string, string> = { ...tags, [DELIVERY]: id, 'mlflow.note.content': description };
  if (failure === null) return sent;
  return {
    ...sent,
    'perennial.failure': failure,
    'mlflow.note.content': `**Failed: ${failure}**\n\n${description}`,
  };
}

function pointsOf({ metrics }: RunRecord) {
  return metrics.map(({ key, value, step, at }) => ({
    key: safeKey(key),
    value: Number(value),
    step,
    timestamp: Date.parse(at),
  }));
}

/** A setting may be named after a column, and a column anything. */
function paramsOf({ params }: RunRecord) {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [safeKey(key), value]));
}

function inputOf({ source_type, ...dataset }: RunRecord['datasets'][number]): DatasetInput {
  return { ...dataset, sourceType: source_type };
}

/** The server would say the same of it again and for ever: what remains is delivered without it. */
function isRefusal(error: unknown): error is MlflowError | CorruptError {
  if (error instanceof CorruptError) return true;
  if (!(error instanceof MlflowError)) return false;
  return ['invalid', 'conflict', 'not-found'].includes(error.failure) || error.status === 413;
}

/** Waits for all of them, also when one fails: none may go on behind the caller's back. */
async function everyOne(works: Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(works);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
