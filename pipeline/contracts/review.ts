import { z } from 'zod';
import { GateReport } from './gate.ts';
import { MetricsFile } from './metrics.ts';
import { Plan } from './plan.ts';
import { Promotion } from './promotion.ts';
import { Sha256, Timestamp } from './scalars.ts';

export const Sha1 = z.string().regex(/^[0-9a-f]{40}$/);
export const ModelName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/);

/** One line of an artifact's text: bounded, for it comes from code that nobody has reviewed yet. */
const Line = z.string().max(1_000);

/** What became of one model in an unprivileged review. Only `trained` brings forecasts. */
export const ReviewState = z.enum([
  /** Nothing that it depends on was changed. */
  'unchanged',
  /** Trained (into `test`), or taken as it was trained by a trusted run (into `master`), and compared. */
  'trained',
  /** Master has no data of it yet: nothing to compare with. */
  'first',
  'gate-failed',
  'too-short',
  /** No entry in `params.yaml` any more. */
  'removed',
  /** Into `master`: `dvc.lock` names no training of this code and these data. */
  'not-trained',
  'crashed',
]);
export type ReviewState = z.infer<typeof ReviewState>;

/** Name of the artifact that holds the review of one model: `review.json`, `forecasts.parquet`, `report.md`. */
export const reviewArtifact = (model: string) => `perennial-review-${model}`;

/** `review.json`: what a review of one model submits. Untrusted: the judge reads it with limits, believes nothing of
 *  it that it can find out itself, and shows the rest as submitted. */
export const ReviewSubmission = z.strictObject({
  format: z.literal(1),
  model: ModelName,
  state: ReviewState,
  /** One sentence. */
  reason: Line,
  head_sha: Sha1,
  base_ref: z.string().max(255),
  made_at: Timestamp,
  run: z.strictObject({ id: z.number().int().nonnegative(), attempt: z.number().int().positive() }),
  data_version: z.string().max(64).nullable(),
  plan: Plan.nullable(),
  /** Whom it was compared with; null: a first model. */
  champion: z.strictObject({ version: z.string().max(20), digest: Sha256 }).nullable(),
  /** For display only. */
  metrics: MetricsFile.nullable(),
  promotion: Promotion.nullable(),
  gate: GateReport.nullable(),
  /** The tracking server's run, where one was logged. */
  mlflow_run: z.string().max(64).nullable(),
  /** `forecasts.parquet` beside it, as `writeForecasts` writes it; the challenger's and the baselines' tables. */
  forecasts: z.strictObject({ sha256: Sha256, bytes: z.number().int().nonnegative() }).nullable(),
});
export type ReviewSubmission = z.infer<typeof ReviewSubmission>;

/** Limits on what a judge takes from an artifact. */
export const REVIEW_LIMITS = {
  zipBytes: 50_000_000,
  unpackedBytes: 200_000_000,
  jsonBytes: 20_000_000,
  files: 20,
  /** A submission older than this is not judged. */
  ageMs: 48 * 3_600_000,
} as const;

/** The judge's word on one model. Only `success` lets a pull request through. */
export const Judgement = z.strictObject({
  model: ModelName,
  status: z.enum(['success', 'failure', 'pending', 'error']),
  /** The verdict in a few words: `Better`, `Worse`, `Unchanged`, `Forged` … */
  headline: z.string(),
  /** One sentence. */
  reason: z.string(),
  /** Recomputed by the judge; null where there was nothing to compare. */
  promotion: Promotion.nullable(),
  metrics: MetricsFile.nullable(),
  gate: GateReport.nullable(),
  /** Things a reviewer should know, one sentence each: submitted figures that differ from the recomputed ones, say. */
  notes: z.array(z.string()),
  override: z.strictObject({ by: z.string(), why: z.string() }).nullable(),
});
export type Judgement = z.infer<typeof Judgement>;
