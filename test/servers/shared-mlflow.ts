import { request } from 'undici';
import { inject } from 'vitest';
import { MlflowHome } from '../../pipeline/contracts/homes.ts';
import type { MlflowVersion } from './mlflow.ts';

/** More than an installation and a start take. */
const LIMIT_MS = 20 * 60_000;

/** The MLflow server that all integration tests and stories of this run share, with the admin's credentials: use names of
 *  your own there (`uniqueName`). Ask in `beforeAll`: the first one to ask waits for its start. */
export async function sharedMlflow(version: MlflowVersion): Promise<MlflowHome> {
  const limits = { headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS };
  const { statusCode, body } = await request(`${inject('sharedServers')}/mlflow/${version}`, limits);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`no MLflow ${version} for tests: ${text}`);
  return MlflowHome.parse(JSON.parse(text));
}
