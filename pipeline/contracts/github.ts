import { z } from 'zod';

/** A repository on a Git host, and as whom we act there. */
export const GithubHome = z.strictObject({
  /** Without a trailing slash: `https://api.github.com`. */
  apiUrl: z.url({ protocol: /^https?$/ }),
  /** For pages and for git: `https://github.com`. */
  serverUrl: z.url({ protocol: /^https?$/ }),
  owner: z.string().regex(/^[\w.-]{1,100}$/),
  name: z.string().regex(/^[\w.-]{1,100}$/),
  /** As whom: a GitHub App's installation (robots), a token (people, and workflows that only read), or nobody. */
  as: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('app'),
      id: z.number().int().positive(),
      /** A secret: PEM. */
      privateKey: z.string(),
      installation: z.number().int().positive(),
    }),
    z.strictObject({ kind: z.literal('token'), /** A secret. */ token: z.string() }),
    z.strictObject({ kind: z.literal('nobody') }),
  ]),
  /** Of one request. */
  timeoutMs: z.number().int().positive().default(20_000),
  /** Attempts after the first, where a request may be made again. */
  retries: z.number().int().nonnegative().default(3),
  /** The longest that a rate limit is waited for; beyond it the call fails and says until when. */
  longestWaitMs: z.number().int().positive().default(120_000),
});
export type GithubHome = z.infer<typeof GithubHome>;

/** States of a commit's status. */
export type StatusState = 'success' | 'failure' | 'pending' | 'error';

/** The one required status. Statuses of single models (`perennial/<model>`) inform. */
export const REQUIRED_STATUS = 'perennial';
export const modelStatus = (model: string) => `${REQUIRED_STATUS}/${model}`;

/** Branches that changes go through, in order; `master` is the default branch and the only trusted code. */
export const BRANCHES = ['dev', 'test', 'master'] as const;

/** Branches of robots. The data branch is rewritten, a promotion is immutable, the candidate is rebuilt from `test`,
 *  what takes a version back is immutable too. */
export const ROBOT_BRANCHES = {
  data: 'perennial/data',
  promotion: (label: string) => `perennial/promotion-${label}`,
  candidate: 'perennial/candidate',
  /** Takes production.json back after a release that failed its verification, or because a person asked for it. */
  revert: (label: string) => `perennial/revert-${label}`,
  rollback: (label: string) => `perennial/rollback-${label}`,
} as const;

/** What only robots commit. */
export const ROBOT_PATHS = ['data.dvc', 'dvc.lock', 'reports/'] as const;

export const isRobotPath = (path: string) =>
  ROBOT_PATHS.some((robot) => path === robot || (robot.endsWith('/') && path.startsWith(robot)));
