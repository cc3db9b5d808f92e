import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import type { RunAnswer } from './judge-run.ts';

/** @param mlflow null: none is configured */
export async function readRun(mlflow: Mlflow | null, id: string | null): Promise<RunAnswer> {
  if (!mlflow || id === null) return { state: 'not-asked' };
  try {
    const run = await mlflow.run(id);
    if (!run) return { state: 'absent' };
    const { experiment_id: experimentId, run_id: runId, status, lifecycle_stage } = run.info;
    return {
      state: 'found',
      run: {
        page: mlflow.page({ experimentId, runId }),
        status,
        deleted: lifecycle_stage === 'deleted',
        tags: run.data.tags,
        datasets: run.inputs.dataset_inputs.map(({ dataset }) => dataset.digest),
      },
    };
  } catch (error) {
    if (!(error instanceof MlflowError) || error.failure === 'cancelled') throw error;
    return { state: 'unreachable', why: error.message, hint: error.hint ?? null };
  }
}
