import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import { PerennialError } from '../../contracts/errors.ts';
import type { RemoteHome } from '../../contracts/homes.ts';
import { withoutSecrets } from '../../secrets.ts';

/** What went wrong, for a status or a comment. Addresses of homes are secrets of the workflow: GitHub masks them in the
 *  log, which has the whole error, and nowhere else. */
export function publicWords(error: unknown, remote: Pick<RemoteHome, 'shown'> | null): string {
  const seen = error instanceof Error ? error.message : String(error);
  const hint = error instanceof PerennialError && error.hint ? ` (${error.hint})` : '';
  const named = error instanceof MlflowError ? seen.replace(/MLflow at \S+:/, 'the registry:') : seen;
  const words = withoutSecrets(`${named}${hint}`);
  return remote ? words.replaceAll(remote.shown, 'the remote') : words;
}
