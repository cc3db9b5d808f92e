import { z } from 'zod';

/** Where models live outside: an MLflow server, a team's own or Dagshub's. */
export const MlflowHome = z.strictObject({
  /** Without a trailing slash; may have a path (`https://dagshub.com/owner/repo.mlflow`). */
  url: z.url({ protocol: /^https?$/ }),
  username: z.string().optional(),
  /** A secret: never in a log, a message, a file. */
  password: z.string().optional(),
  /** A secret, sent as `Authorization: Bearer`; wins over user and password. */
  token: z.string().optional(),
  insecureTls: z.boolean().default(false),
  /** Of one request. */
  timeoutMs: z.number().int().positive().default(30_000),
  /** Attempts after the first, where a request may be made again. */
  retries: z.number().int().nonnegative().default(4),
});
export type MlflowHome = z.infer<typeof MlflowHome>;

/** Where data live outside: a DVC remote. `config` are DVC's own options of a remote (`url`, `endpointurl`, `auth`,
 *  `user`, …); those in `secrets` hold a secret. */
export const RemoteHome = z.strictObject({
  name: z.string(),
  kind: z.enum(['s3', 'azure', 'http', 'folder']),
  /** As a person may see it: without user and password. */
  shown: z.string(),
  config: z.record(z.string(), z.string()),
  secrets: z.array(z.string()),
  /** Where it was told: for messages. */
  from: z.enum(['DAGSHUB_REPO', 'PERENNIAL_REMOTE', '.dvc/config']),
});
export type RemoteHome = z.infer<typeof RemoteHome>;

/** What the environment says of the homes outside; null: not configured, everything lives in folders. */
export interface Homes {
  mlflow: MlflowHome | null;
  remote: RemoteHome | null;
  /** `owner/name`, where one is named: pages link to it. */
  dagshub: string | null;
}
