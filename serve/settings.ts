import { z } from 'zod';
import { UsageError } from '../pipeline/contracts/errors.ts';

const number = (low: number, high: number) => z.coerce.number('expected a number').min(low).max(high);
const whole = (low: number, high: number) => number(low, high).int('expected a whole number');
const share = z
  .string()
  .regex(/^(\d+(\.\d+)?)%$/, 'expected a percentage such as 5%')
  .transform((text) => Number(text.slice(0, -1)) / 100)
  .refine((value) => value <= 1, 'expected at most 100%');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean),
);

const hashes = list.refine(
  (all) => all.every((one) => /^[0-9a-f]{64}$/.test(one)),
  'expected SHA-256 hashes in lower-case hex, separated by commas: printf %s "$KEY" | sha256sum',
);

const pins = list
  .refine(
    (all) => all.every((one) => /^[^=]+=v\d{4,}$/.test(one)),
    'expected <model>=<version>, such as infections=v0003, separated by commas',
  )
  .transform((all) => Object.fromEntries(all.map((one) => one.split('='))) as Record<string, string>);

/** Everything that can be set, each from the environment variable of the same name. `docs/service.md` has the table. */
const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole(0, 65_535).default(8080),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Share of the answered requests that leave a line in the log; failed ones always do. */
  PERENNIAL_LOG_SHARE: share.default(0.01),
  /** Names of the models that are served; default: all active ones. */
  PERENNIAL_MODELS: list.optional(),
  /** What is followed: `registry` (the alias champion), a path or an address of a `released.json`, or `off`. */
  PERENNIAL_FOLLOW: z.string().min(1).default('registry'),
  PERENNIAL_FOLLOW_SECONDS: number(0.05, 900).default(60),
  /** A `released.json` that is loaded first, before what is followed is asked: what the image holds. */
  PERENNIAL_BAKED: z.string().min(1).default('/app/released/released.json'),
  /** Versions that are served whatever is released: `infections=v0003,deaths=v0001`. */
  PERENNIAL_PIN: pins.default({}),
  /** Where refused digests and the history of swaps are remembered. */
  PERENNIAL_STATE: z.string().min(1).optional(),
  /** A new bundle first answers this share of the keys; it takes over if it holds. */
  PERENNIAL_CANARY: share.optional(),
  /** A new bundle first answers along, unseen; it takes over if its answers hold. */
  PERENNIAL_SHADOW: z.stringbool().default(false),
  /** Requests by which a new bundle is judged, and its limits against the one before. */
  PERENNIAL_TRIAL_REQUESTS: whole(1, 1_000_000).default(500),
  /** A trial is over after this time, however few have asked. */
  PERENNIAL_TRIAL_SECONDS: number(0.1, 604_800).default(3600),
  PERENNIAL_TRIAL_MAX_ERROR_RATE: number(0, 1).default(0.01),
  PERENNIAL_TRIAL_MAX_LATENCY_RATIO: number(1, 100).default(2),
  PERENNIAL_TRIAL_MAX_DIFFERENCE: number(0, 1000).default(0.5),
  /** SHA-256 (hex) of the keys that may call /admin; none: nobody may. */
  PERENNIAL_ADMIN_KEYS: hashes.default([]),
  /** SHA-256 (hex) of the keys of clients that are counted each on their own by the rate limit. */
  PERENNIAL_API_KEYS: hashes.default([]),
  /** Requests a minute of one client; 0: no limit. */
  PERENNIAL_RATE_LIMIT: whole(0, 10_000_000).default(6000),
  PERENNIAL_MAX_BODY_BYTES: whole(1024, 1_000_000_000).default(1_048_576),
  PERENNIAL_MAX_ROWS: whole(1, 1_000_000).default(1000),
  /** In which rows must be answered that are no job. */
  PERENNIAL_HANDLER_SECONDS: number(0.1, 300).default(10),
  PERENNIAL_MAX_JOBS: whole(1, 10_000).default(16),
  PERENNIAL_MAX_JOB_ROWS: whole(1, 10_000_000).default(100_000),
  PERENNIAL_MAX_JOB_BODY_BYTES: whole(1024, 500_000_000).default(33_554_432),
  /** Of all jobs, with the results that are kept. */
  PERENNIAL_MAX_JOB_MEMORY_BYTES: whole(1024, 100_000_000_000).default(268_435_456),
  PERENNIAL_JOB_KEPT_SECONDS: whole(1, 604_800).default(3600),
  /** Beyond these, requests are turned away. */
  PERENNIAL_MAX_EVENT_LOOP_DELAY_MS: whole(10, 60_000).default(500),
  PERENNIAL_MAX_RSS_BYTES: whole(50_000_000, 1e12).default(1_500_000_000),
  /** After SIGTERM: how long requests are still taken, for load balancers to see that it is not ready, and how long what is
   *  under way may take then. */
  PERENNIAL_DRAIN_SECONDS: number(0, 300).default(0),
  PERENNIAL_GRACE_SECONDS: number(0.1, 300).default(10),
  /** Addresses of proxies whose X-Forwarded-For is believed, for the rate limit. */
  PERENNIAL_TRUST_PROXY: list.optional(),
});

/** Names of all that can be set. */
export const SERVICE_SETTINGS = Object.keys(Environment.shape);

export type ServiceSettings = ReturnType<typeof readServiceSettings>;

/** @throws UsageError naming each variable that cannot be meant */
export function readServiceSettings(env: NodeJS.ProcessEnv) {
  // What is set to nothing is not set: compose files and Kubernetes write empty values.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { success, data, error } = Environment.safeParse(given);
  if (!success) {
    throw new UsageError(`environment:\n${z.prettifyError(error)}`, {
      hint: 'docs/service.md lists what can be set',
    });
  }
  return {
    host: data.HOST,
    port: data.PORT,
    logLevel: data.LOG_LEVEL,
    logShare: data.PERENNIAL_LOG_SHARE,
    models: data.PERENNIAL_MODELS ?? null,
    follow: data.PERENNIAL_FOLLOW,
    followMs: data.PERENNIAL_FOLLOW_SECONDS * 1000,
    baked: data.PERENNIAL_BAKED,
    pinned: data.PERENNIAL_PIN,
    state: data.PERENNIAL_STATE ?? null,
    trial: {
      canary: data.PERENNIAL_CANARY ?? null,
      shadow: data.PERENNIAL_SHADOW,
      requests: data.PERENNIAL_TRIAL_REQUESTS,
      limitMs: data.PERENNIAL_TRIAL_SECONDS * 1000,
      maxErrorRate: data.PERENNIAL_TRIAL_MAX_ERROR_RATE,
      maxLatencyRatio: data.PERENNIAL_TRIAL_MAX_LATENCY_RATIO,
      maxDifference: data.PERENNIAL_TRIAL_MAX_DIFFERENCE,
    },
    adminKeys: data.PERENNIAL_ADMIN_KEYS,
    apiKeys: data.PERENNIAL_API_KEYS,
    maxEventLoopDelayMs: data.PERENNIAL_MAX_EVENT_LOOP_DELAY_MS,
    maxRssBytes: data.PERENNIAL_MAX_RSS_BYTES,
    drainMs: data.PERENNIAL_DRAIN_SECONDS * 1000,
    graceMs: data.PERENNIAL_GRACE_SECONDS * 1000,
    trustProxy: data.PERENNIAL_TRUST_PROXY ?? false,
    /** Requests a minute and key; 0: no limit. */
    rateLimit: data.PERENNIAL_RATE_LIMIT,
    maxBodyBytes: data.PERENNIAL_MAX_BODY_BYTES,
    maxRows: data.PERENNIAL_MAX_ROWS,
    handlerMs: data.PERENNIAL_HANDLER_SECONDS * 1000,
    maxJobs: data.PERENNIAL_MAX_JOBS,
    maxJobRows: data.PERENNIAL_MAX_JOB_ROWS,
    maxJobBodyBytes: data.PERENNIAL_MAX_JOB_BODY_BYTES,
    maxJobMemoryBytes: data.PERENNIAL_MAX_JOB_MEMORY_BYTES,
    jobKeptMs: data.PERENNIAL_JOB_KEPT_SECONDS * 1000,
  };
}
