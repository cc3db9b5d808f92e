import type { BacktestRow } from '../contracts/backtest.ts';
import type { BundleFiles } from '../contracts/bundle.ts';
import type { FeatureColumn } from '../contracts/features.ts';
import type { ScoredForecasts } from '../contracts/forecast.ts';
import type { Leaderboard } from '../contracts/metrics.ts';
import type { TargetPanel } from '../contracts/panel.ts';
import type { ModelParams } from '../contracts/params.ts';
import type { Windows } from '../contracts/plan.ts';
import type { ServedModel } from '../contracts/serving.ts';
import type { Curve } from '../contracts/train.ts';

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
  /** The best baseline as a bundle of its own: published where a first model turns out not to beat it. Null where the
   *  candidate is that baseline. */
  fallback: { files: BundleFiles; candidate: string } | null;
  /** Index of the last step learnt from, by the model inside `files`. */
  trainEnd: number;
  hyperparameters: Record<string, number | string | boolean>;
  leaderboard: Omit<Leaderboard, 'model'>;
  /** How the fits inside `files` went; empty where nothing was learnt step by step. The same seed gives the same. */
  curves: Curve[];
  /** By candidate. */
  fitSeconds: Record<string, number>;
  /** Forecasts of the challenger's recipe, every candidate and every baseline over the decide window, made at
   *  rolling cutoffs with nothing seen after each; the challenger is named `challenger`. */
  forecasts: ScoredForecasts[];
}

export interface BaselinesRequest {
  panel: TargetPanel;
  windows: Windows;
  horizons: number[];
  signal?: AbortSignal;
}

/** The newest forecast of one tract and horizon, for people and for the pack. */
export interface LatestForecast {
  tract: string;
  name: string;
  /** Moment forecast, ISO 8601. */
  time: string;
  horizon: number;
  point: number;
  /** 90 % interval. */
  low: number;
  high: number;
}

export interface BacktestRequest {
  panel: TargetPanel;
  /** First and last target step that is scored; what lies after `to` is not looked at. */
  from: number;
  to: number;
  horizons: number[];
  seed?: number;
  onProgress?: (share: number, note: string) => void;
  signal?: AbortSignal;
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
  /** The baselines over the decide window, made as `train` makes them. */
  baselines(request: BaselinesRequest): Promise<ScoredForecasts[]>;
  /** Every model and baseline at rolling cutoffs, and the published choice named `challenger`. */
  backtest(request: BacktestRequest): Promise<{ rows: BacktestRow[] }>;
  /** Asks a bundle the questions it was born with.
   *  @returns greatest relative difference between its golden answers and today's; infinite where one is no number
   *  @throws CorruptError if it cannot be opened */
  warmUp(files: BundleFiles): number;
  /** Opens a bundle as the service does. @throws CorruptError if it cannot be opened */
  served(files: BundleFiles): ServedModel;
  /** What a frozen bundle makes of the newest observations.
   *  @param totals all cases up to a moment as the portal tells them, by tract id; without: they are summed where they can be
   *  @returns the files of the observation pack, and its forecasts from the newest cutoff */
  observe(
    files: BundleFiles,
    panel: TargetPanel,
    totals?: PublishedTotals,
  ): { files: BundleFiles; forecasts: LatestForecast[] };
}

/** Running totals by tract id; `time` in epoch milliseconds, on the axis of the panel. */
export type PublishedTotals = ReadonlyMap<string, { value: number; time: number }>;
