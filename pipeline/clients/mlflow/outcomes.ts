import { checkedKey, cut, LIMITS } from './limits.ts';
import { MlflowError, type MlflowFailure } from './mlflow-error.ts';

export function hasFailed(error: unknown, ...failures: MlflowFailure[]): error is MlflowError {
  return error instanceof MlflowError && failures.includes(error.failure);
}

/** Null where the server says that there is none. */
export async function absent<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (hasFailed(error, 'not-found')) return null;
    throw error;
  }
}

/** Tags as MLflow wants them, within its limits. */
export function listed(tags: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({
    key: checkedKey(key, 'tag'),
    value: cut(value, LIMITS.tag),
  }));
}
