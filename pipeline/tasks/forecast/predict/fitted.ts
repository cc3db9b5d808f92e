import type { BundleFiles } from '../../../contracts/bundle.ts';
import type { TargetPanel } from '../../../contracts/panel.ts';
import type { Turns } from './turns.ts';

/** What was known at a cutoff, and nothing else. */
export interface Known {
  /** Tracts, calendar and scale; its `values` must not be read past `last`, use the ones here. */
  panel: TargetPanel;
  /** Values as known at the cutoff, shape [tracts × panel.length]; indices > `last` are NaN. */
  values: Float64Array;
  /** 1 = published and credible, shape as `values`; 0 = filled or unknown. */
  observed: Uint8Array;
  /** The moment of forecasting, as a time index. */
  cutoff: number;
  /** Last index that is published and complete: cutoff − reporting delay. */
  last: number;
}

/** A fitted forecaster: pure TypeScript, no TensorFlow; the same code in training and in serving. */
export interface Fitted {
  name: string;
  /** @returns medians for the leads 1…maxLead after `known.last`, shape [tracts × maxLead], never negative for counts */
  forecast(known: Known): Float64Array;
  /** The same, a few tracts at a time; absent where it is done at once. */
  turns?(known: Known): Turns<Float64Array>;
  maxLead: number;
  /** Everything needed to load it again, under paths that start with the name. */
  files(): BundleFiles;
}
