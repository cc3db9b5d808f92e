import type { Asked } from './asked.ts';

/** What to do about a refusal: one sentence each, for people who run a pipeline and not the server. */

export const DOWN =
  'look whether the server runs and is reached from here; nothing is lost, a later run tries again';
export const SERVE_ARTIFACTS = 'start the server with `--serve-artifacts` and `--artifacts-destination …`';
export const NO_CREDENTIALS =
  'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN (Dagshub: DAGSHUB_REPO and its token)';
export const NEW_CREDENTIALS = 'user, password or token are wrong or have expired: make a new one and set it';
/** MLflow's own basic auth falls over a bearer: 500 and a page. */
export const TOKEN_OR_DOWN =
  "look into the server's log; MLflow's own log-in answers so to a token: then set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead of MLFLOW_TRACKING_TOKEN";
export const PROXY_LOG_IN = 'the proxy wants a log-in: put it into https_proxy';
export const PAGE =
  'a log-in page or a proxy stands in front of it: give the address of the MLflow server itself';
export const OTHER_SERVER = 'another kind of server answers there: check MLFLOW_TRACKING_URI';
export const TOO_LARGE = 'raise the limit of the proxy in front of the server (nginx: client_max_body_size)';
/** Neither 2.22 nor 3.17 says so when the disk behind the artifacts is full: just 500. */
export const BROKEN_UPLOAD =
  "look into the server's log: often its disk is full, or its artifact store is not reached; nothing is lost, a later run tries again";
export const FULL_HINT =
  'the disk or quota of the server is full: make room there; nothing is lost, a later run tries again';
export const NO_MLFLOW =
  'check MLFLOW_TRACKING_URI: host, port and path (Dagshub: https://dagshub.com/<owner>/<repository>.mlflow)';
export const NO_REGISTRY =
  'check MLFLOW_TRACKING_URI; a server without a registry (before MLflow 2.3, some repositories on Dagshub) keeps runs only: take one of your own for models, or leave models in the folder';

export type Credentials = 'none' | 'password' | 'token';

/** For a server that broke, and may be whole later. */
export function laterHint({ file, method }: Asked, status: number, credentials: Credentials): string {
  if (status !== 500) return DOWN;
  if (credentials === 'token') return TOKEN_OR_DOWN;
  return file && method === 'PUT' ? BROKEN_UPLOAD : DOWN;
}

export function forbiddenHint({ about }: Asked, text: string): string {
  if (/invalid host|host header/i.test(text))
    return 'the server does not know its own name: start it with `--allowed-hosts`';
  return `this user may not do that with ${about}: let an owner give the right (EDIT or MANAGE; Dagshub: write access)`;
}
