import type { BundleFiles } from '../contracts/bundle.ts';
import type { FeatureColumn } from '../contracts/features.ts';
import type { ScoredForecasts } from '../contracts/forecast.ts';
import type { Leaderboard } from '../contracts/metrics.ts';
import type { TargetPanel } from '../contracts/panel.ts';
import type { ModelParams } from '../contracts/params.ts';
import type { Windows } from '../contracts/plan.ts';

export type { Windows };

export interface TrainRequest {
  panel: TargetPanel;
  params: ModelParams;
  windows: Windows;
  /** Called with the share done, 0…1, and what is being done. */
  onProgress(share: number, note: string): void;
  signal?: AbortSignal;
}

export interface TrainResult {
  /** Everything in the bundle but its manifest. */
  files: BundleFiles;
  candidate: string;
  isBaseline: boolean;
  /** Index of the last step learnt from, by the model inside `files`. */
  trainEnd: number;
  hyperparameters: Record<string, number | string | boolean>;
  leaderboard: Omit<Leaderboard, 'model'>;
  /** Forecasts of the challenger's recipe, every candidate and every baseline over the decide window, made at
   *  rolling cutoffs with nothing seen after each; the challenger is named `challenger`. */
  forecasts: ScoredForecasts[];
}

/** What differs between kinds of models. Shared code asks the task; it never asks which task it is. */
export interface Task {
  kind: ModelParams['task'];
  /** The baseline that `compare` shows first. */
  baseline: string;
  /** Columns of the data set that describe each tract and step from its past alone. */
  columns(panel: TargetPanel): FeatureColumn[];
  train(request: TrainRequest): Promise<TrainResult>;
  /** Scores a frozen bundle on the cutoffs of a window, each seeing only what was known then. */
  score(files: BundleFiles, panel: TargetPanel, window: [number, number]): Promise<ScoredForecasts>;
}
