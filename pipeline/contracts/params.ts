import { z } from 'zod';
import { Role } from './roles.ts';

const Duration = z
  .string()
  .regex(/^\d+(\.\d+)?(m|h|d|w)$/, 'expected a number and a unit, such as 30m, 6h, 1d or 2w');

/** JSON APIs: where the records are and how to page through them. */
export const JsonSource = z.strictObject({
  /** Dotted path to the array of records, or to an object of equally long arrays (column-wise). */
  records: z.string().default(''),
  /** Query parameters added to each request. */
  query: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  page: z
    .strictObject({
      /** Query parameter that carries the page number or the offset. */
      param: z.string(),
      kind: z.enum(['number', 'offset']).default('number'),
      start: z.number().int().default(1),
      size_param: z.string().optional(),
      size: z.number().int().positive().default(1000),
      max_pages: z.number().int().positive().default(1000),
    })
    .optional(),
  /** Dotted path to the address of the next page, where the API gives one. */
  next: z.string().optional(),
});

export const Source = z
  .strictObject({
    /** http(s) addresses or paths of files; several are joined by their key columns. */
    urls: z.array(z.string().min(1)).min(1).optional(),
    /** The embedded portal: a seeded simulator behind a real HTTP server on loopback. */
    simulator: z
      .strictObject({
        state: z
          .string()
          .regex(/^\d{2}$/)
          .default('42'), // FIPS code; Pennsylvania, 67 counties
        seed: z.number().int().nonnegative().default(20260101),
        days: z.number().int().min(60).default(913),
      })
      .optional(),
    format: z.enum(['auto', 'csv', 'parquet', 'json']).default('auto'),
    json: JsonSource.optional(),
    /** Name of the environment variable that holds the API key, and where the key goes. */
    key: z
      .strictObject({
        env: z.string(),
        header: z.string().optional(),
        query: z.string().optional(),
        optional: z.boolean().default(false),
      })
      .optional(),
    expected_every: Duration.default('1d'),
    timezone: z.string().default('UTC'),
    timeout_ms: z.number().int().positive().default(60_000),
    retries: z.number().int().nonnegative().default(4),
    max_bytes: z.number().int().positive().default(1_000_000_000),
    max_requests_per_minute: z.number().positive().default(60),
  })
  .refine((source) => (source.urls === undefined) !== (source.simulator === undefined), {
    message: 'expected exactly one of `urls` and `simulator`',
  });

const Severity = z.enum(['warn', 'fail', 'ignore']);

export const GateParams = z.strictObject({
  min_confidence: z.number().min(0).max(1).default(0.6),
  max_null_share: z.number().min(0).max(1).default(0.01),
  max_missing_days: z.number().int().nonnegative().default(31),
  max_quarantined_share: z.number().min(0).max(1).default(0.02),
  /** Rows may shrink by this share against the last snapshot. */
  max_row_loss: z.number().min(0).max(1).default(0.05),
  max_age: Duration.default('7d'),
  on_added_column: Severity.default('warn'),
  on_removed_column: Severity.default('fail'),
  on_renamed_column: Severity.default('warn'),
  on_type_changed: Severity.default('fail'),
  on_meaning_changed: Severity.default('fail'),
  on_level_shift: Severity.default('warn'),
  on_falling_total: Severity.default('warn'),
  on_stale: Severity.default('warn'),
});
export type GateParams = z.infer<typeof GateParams>;

export const PromotionParams = z.strictObject({
  mode: z.enum(['local', 'pull-request', 'auto']).optional(),
  metric: z.enum(['wape', 'mae', 'rmse', 'wis', 'mase']).default('wape'),
  min_improvement: z.number().min(0).default(0.02),
  allowed_loss: z.number().min(0).default(0.01),
  /** Level of the whole life of one champion, spent over the looks at it. */
  alpha: z.number().gt(0).lt(0.5).default(0.05),
  min_n: z.number().int().positive().default(28),
  min_cutoffs: z.number().int().positive().default(28),
});
export type PromotionParams = z.infer<typeof PromotionParams>;

/** What is tried out: the same training with other hyper-parameters. */
const Hyperparameters = {
  seed: z.number().int().nonnegative(),
  /** Steps that one window of the LSTM looks back. */
  lookback: z.number().int().min(2).max(366),
  /** Size of the LSTM's state. */
  units: z.number().int().min(1).max(512),
};

export const Trial = z
  .strictObject({
    seed: Hyperparameters.seed.optional(),
    lookback: Hyperparameters.lookback.optional(),
    units: Hyperparameters.units.optional(),
  })
  .refine((trial) => Object.keys(trial).length > 0, 'expected at least one of seed, lookback and units');
export type Trial = z.infer<typeof Trial>;

export const TrainParams = z.strictObject({
  seed: Hyperparameters.seed.default(1),
  lookback: Hyperparameters.lookback.optional(),
  units: Hyperparameters.units.optional(),
  /** A training that takes longer fails. */
  max_minutes: z.number().positive().default(45),
  /** Name → what differs from the settings above. Workflows train each in a job of its own; the best one on the window
   *  that selects is trained as the challenger. */
  trials: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/), Trial).default({}),
});
export type TrainParams = z.infer<typeof TrainParams>;

export const ModelParams = z.strictObject({
  task: z.enum(['forecast']),
  /** `run` without `--model` takes the active ones; the others are ready to be tried. */
  active: z.boolean().default(true),
  source: Source,
  roles: z.record(z.string(), Role).default({}),
  places: z.strictObject({ polygons: z.string(), key: z.string().default('code') }).optional(),
  /** A role (`new_cases`) or the name of a column; without it the gate's best guess. */
  target: z.string().optional(),
  horizons: z.array(z.number().int().positive()).nonempty().default([1, 2, 3, 4, 5, 6, 7]),
  settled_after_days: z.number().int().nonnegative().default(3),
  gate: GateParams.prefault({}),
  train: TrainParams.prefault({}),
  schedule: z
    .strictObject({
      check: z.enum(['hourly', 'daily', 'weekly']).default('daily'),
      train: z.enum(['weekly', 'monthly', 'quarterly']).default('monthly'),
    })
    .prefault({}),
  promotion: PromotionParams.prefault({}),
});
export type ModelParams = z.infer<typeof ModelParams>;
export type SourceParams = z.infer<typeof Source>;

/** `params.yaml`: all that a team writes. */
export const Params = z.strictObject({
  /** Where a run writes: `local` → `.perennial/`; the others → this repository. */
  promotion: z
    .strictObject({ mode: z.enum(['local', 'pull-request', 'auto']).default('local') })
    .prefault({}),
  models: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'lower-case letters, digits and dashes'),
      ModelParams,
    )
    .refine((models) => Object.keys(models).length > 0, 'expected at least one model'),
});
export type Params = z.infer<typeof Params>;
