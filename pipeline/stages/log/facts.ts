import type { FeatureSchema } from '../../contracts/features.ts';
import type { GateReport } from '../../contracts/gate.ts';
import type { LossTable } from '../../contracts/losses.ts';
import type { Leaderboard, MetricsFile } from '../../contracts/metrics.ts';
import type { ModelParams } from '../../contracts/params.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import type { RunOrigin } from '../../contracts/run-record.ts';
import type { CurvesFile, TimingsFile, TrainFile } from '../../contracts/train.ts';

/** What is known when a run begins. */
export interface BeginningFacts {
  model: string;
  params: ModelParams;
  /** Where the data come from, without secrets. */
  urls: string[];
  commit: string;
  /** Hash that DVC gave to `data/`. */
  dataVersion: string;
  startedAt: string;
  origin: RunOrigin;
  /** Run that this one is a part of: a search's. */
  parent: string | null;
  /** Pull request that it tries, by its head. */
  review: { sha: string; into: string } | null;
}

/** What the stages left of a run that came to its end. */
export interface RunFacts extends BeginningFacts {
  endedAt: string;
  /** Registered version, null where none was. */
  version: string | null;
  promotion: Promotion;
  metrics: MetricsFile;
  schema: FeatureSchema;
  train: TrainFile;
  leaderboard: Leaderboard;
  plan: Plan;
  curves: CurvesFile | null;
  timings: TimingsFile | null;
  losses: LossTable[] | null;
  gate: GateReport | null;
  /** Identity of the snapshot that the newest data came with. */
  snapshot: string | null;
}

export type Scored = MetricsFile['models'][number];

/** The sides of the comparison; of several baselines the one that was decided with. */
export function sidesOf({ metrics, promotion }: Pick<RunFacts, 'metrics' | 'promotion'>) {
  const { models } = metrics;
  return {
    challenger: models.find(({ role }) => role === 'challenger'),
    champion: models.find(({ role }) => role === 'champion'),
    baseline: models.find(({ role, name }) => role === 'baseline' && name === promotion.baseline.name),
  };
}
