import type { Logger } from 'pino';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import { quoted } from '../../clients/mlflow/search.ts';
import { CorruptError, UsageError } from '../../contracts/errors.ts';
import { refuseUnlessWrittenOnce } from './ledger.ts';
import { settled } from './settle.ts';
import { LEDGER_DESCRIPTION, modelDescription } from './words.ts';

/** The registered model that is ours, as its page shows it. */
export interface Home {
  /** Run whose parameters say where aliases are. */
  ledgerRun: string;
  /** MLflow's own aliases: they follow the ledger. */
  aliases: Record<string, number>;
  tags: Record<string, string>;
}

export interface HomeOptions {
  /** Of the registered model. */
  name: string;
  model: string;
  experiment: string;
  repository?: string;
  now: () => Date;
  log?: Logger;
}

/** Makes and finds a registered model and its ledger. The ledger's run is made first; the model is created with the run's
 *  name in a tag, in one request, and names of models are unique: so the first of two who do this wins, and both go on
 *  with the same ledger. */
export function homeAt(mlflow: Mlflow, options: HomeOptions) {
  const { name } = options;

  /** @returns null where there is no such model
   *  @throws UsageError where somebody else made it */
  async function find(): Promise<Home | null> {
    const found = await mlflow.registeredModel(name);
    if (!found) return null;
    const ledgerRun = found.tags[LEDGER_TAG];
    if (ledgerRun) return { ledgerRun, aliases: found.aliases, tags: found.tags };
    throw new UsageError(`MLflow has a registered model ${name} that Perennial did not make`, {
      hint: `rename it there, or set PERENNIAL_MODEL_PREFIX, for instance to perennial-`,
      facts: { name },
    });
  }

  async function make(): Promise<Home> {
    const ledger = await makeLedger(mlflow, options);
    const { run_id: ledgerRun } = ledger.info;
    const home = await settled(async () => {
      const made = await mlflow.createRegisteredModel({
        name,
        description: modelDescription(options),
        tags: { [LEDGER_TAG]: ledgerRun },
      });
      return { ledgerRun, aliases: made.aliases, tags: made.tags };
    }, find);
    if (home.ledgerRun !== ledgerRun)
      await mlflow
        .deleteRun(ledgerRun)
        .catch((error) => options.log?.debug({ error }, 'a ledger without a model is left over'));
    return home;
  }

  return {
    find,

    /** Found or made. */
    async ensure(): Promise<Home> {
      const found = await find();
      if (found) return found;
      try {
        return await make();
      } catch (error) {
        // Another one was first, and took away the ledger that we were about to name.
        const other = error instanceof MlflowError && error.failure !== 'cancelled' ? await find() : null;
        if (other) return other;
        throw error;
      }
    },

    /** @throws CorruptError where it was deleted and cannot be had back */
    async ledgerRun({ ledgerRun }: Home): Promise<Run> {
      let run = await mlflow.run(ledgerRun);
      if (run?.info.lifecycle_stage === 'deleted') {
        // With its experiment, perhaps: that one can be had back, and its runs with it.
        const experiment = await mlflow.experimentByName(options.experiment);
        if (
          experiment?.lifecycle_stage === 'deleted' &&
          experiment.experiment_id === run.info.experiment_id
        ) {
          await mlflow.ensureExperiment(options.experiment);
          options.log?.warn({ experiment: options.experiment }, 'the experiment was deleted: restored');
          run = await mlflow.run(ledgerRun);
        }
      }
      if (run?.info.lifecycle_stage === 'active') return run;
      throw new CorruptError(
        `the MLflow run ${ledgerRun}, which says where champion and challenger of ${name} are, ${run ? 'was deleted' : 'is gone'}`,
        {
          hint: run
            ? `restore it: in the experiment ${options.experiment} show deleted runs, choose it, Restore`
            : 'restore MLflow from its backup, or set PERENNIAL_MODEL_PREFIX to begin a new registry',
          facts: { run: ledgerRun },
        },
      );
    },
  };
}

export const LEDGER_TAG = 'perennial.ledger';
const LEDGER_OF_TAG = 'perennial.ledger_of';

/** One that a killed process left without a model is used. */
async function makeLedger(mlflow: Mlflow, { name, experiment, now }: HomeOptions): Promise<Run> {
  const { experiment_id: experimentId } = await mlflow.ensureExperiment(experiment);
  const leftOver = async () => {
    const runs = await mlflow.searchRuns({
      experimentIds: [experimentId],
      filter: `tags.\`${LEDGER_OF_TAG}\` = ${quoted(name)}`,
    });
    // One with moves belongs to a model that was deleted.
    const unused = runs.filter(({ data }) => !Object.keys(data.params).some((key) => key.includes('.')));
    return unused.sort((a, b) => (a.info.run_id < b.info.run_id ? -1 : 1))[0] ?? null;
  };
  const make = () =>
    mlflow.createRun({
      experimentId,
      name: `aliases of ${name}`,
      startTime: now(),
      tags: {
        [LEDGER_OF_TAG]: name,
        'mlflow.note.content': LEDGER_DESCRIPTION,
        'mlflow.source.name': 'perennial',
      },
    });
  const run = (await leftOver()) ?? (await settled(make, leftOver));
  await refuseUnlessWrittenOnce(mlflow, run.info.run_id);
  await mlflow.updateRun(run.info.run_id, { status: 'FINISHED', endTime: now() });
  return run;
}
