import type { Logger } from 'pino';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { settled } from './settle.ts';

const BUNDLE_TAG = 'perennial.bundle';

/** The run whose artifacts keep a bundle: the training's, or one made for it. */
export async function runForBundle(
  mlflow: Mlflow,
  options: {
    /** The training's run, null: it was not logged. */
    run: string | null;
    digest: string;
    experiment: string;
    name: string;
    now: () => Date;
    log?: Logger;
  },
): Promise<Run> {
  const { digest, name, now } = options;
  const training = options.run ? await mlflow.run(options.run) : null;
  if (training?.info.lifecycle_stage === 'active') return training;
  if (options.run)
    options.log?.warn({ run: options.run }, 'the run of this training is not in MLflow: the bundle gets one');

  const { experiment_id: experimentId } = await mlflow.ensureExperiment(options.experiment);
  const find = async () => {
    const filter = `tags.\`${BUNDLE_TAG}\` = '${digest}'`;
    const runs = await mlflow.searchRuns({ experimentIds: [experimentId], filter });
    return runs.sort((a, b) => (a.info.run_id < b.info.run_id ? -1 : 1))[0] ?? null;
  };
  const make = () =>
    mlflow.createRun({
      experimentId,
      name: `bundle ${digest.slice(0, 12)} of ${name}`,
      startTime: now(),
      tags: { [BUNDLE_TAG]: digest, 'mlflow.note.content': `Keeps the bundle ${digest} of ${name}.` },
    });
  const run = (await find()) ?? (await settled(make, find));
  if (run.info.status !== 'FINISHED')
    await mlflow.updateRun(run.info.run_id, { status: 'FINISHED', endTime: now() });
  return run;
}
