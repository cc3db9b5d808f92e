import type { FeatureCollection } from 'geojson';
import type { StatusState } from './github.ts';
import type { LossTable } from './losses.ts';
import type { Judgement } from './review.ts';

/** What the comment of one pull request is told from. Everything in it is escaped where it is written: names of
 *  tracts, columns and models come from elsewhere. */
export interface PullReport {
  /** The run it tells of: a comment of a later one is never replaced by an earlier one's. */
  run: { id: number; attempt: number; page: string };
  headSha: string;
  /** Page of that commit. */
  commitPage: string;
  baseRef: string;
  madeAt: string;
  /** The required status as it is set with this comment. */
  status: { state: StatusState; description: string };
  /** Things about the whole pull request, one sentence each: it comes from a fork, the block is advisory … */
  notes: string[];
  /** Commands a maintainer can copy, where there is something to do by hand (a fork's branch). */
  commands: string[];
  models: ModelReport[];
}

export interface ModelReport {
  judgement: Judgement;
  /** The judge's own; challenger, champion and baselines on the same rows; empty where nothing was compared. */
  losses: LossTable[];
  /** Polygons of the tracts, property `id`; null where the model has none. */
  places: FeatureCollection | null;
  /** Names of tracts by id. */
  names: Map<string, string>;
  data: DataChange | null;
  params: ParamChange[];
  /** Of the training that was judged. */
  lineage: {
    commit: string | null;
    dataVersion: string | null;
    bundle: string | null;
    mlflowRun: { id: string; page: string } | null;
    artifact: { name: string; page: string; expiresAt: string | null } | null;
  };
}

/** What changed in the data between base and head. */
export interface DataChange {
  from: string | null;
  to: string | null;
  rows: { from: number | null; to: number | null };
  lastTime: { from: string | null; to: string | null };
  /** Columns added, removed, renamed, of another type. */
  schema: { column: string; was: string | null; is: string | null; change: string }[];
  /** What the gate warned of, one sentence each. */
  warnings: string[];
}

/** One setting of a model's entry in `params.yaml`. */
export interface ParamChange {
  /** Dotted: `train.seed`. */
  setting: string;
  from: string | null;
  to: string | null;
}
