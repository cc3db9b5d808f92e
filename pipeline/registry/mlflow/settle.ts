import { setTimeout as wait } from 'node:timers/promises';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';

const ATTEMPTS = 5;
const PAUSE_MS = 100;

/** Makes something that must not be made twice: where an answer does not tell whether it was done, looks for it, and
 *  only then asks again.
 *  @param look what `make` would have made, null where it is not there */
export async function settled<T>(make: () => Promise<T>, look: () => Promise<T | null>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make();
    } catch (error) {
      if (!leavesOpen(error)) throw error;
      const found = await look();
      if (found !== null) return found;
      if (attempt === ATTEMPTS) throw error;
      await pause(attempt);
    }
  }
}

/** Does this refusal leave it open whether it was done, or whether it may be done a moment later?
 *  Servers answer two writers at once with BAD_REQUEST or INTERNAL_ERROR where their database refused one of them
 *  (2.22 goes on in a broken transaction). */
export function leavesOpen(error: unknown): boolean {
  if (!(error instanceof MlflowError)) return false;
  if (['unknown-outcome', 'unavailable', 'exists'].includes(error.failure)) return true;
  return error.code === 'BAD_REQUEST' || error.code === 'INTERNAL_ERROR';
}

export async function pause(attempt: number): Promise<void> {
  await wait(PAUSE_MS * attempt * (0.5 + Math.random()));
}
