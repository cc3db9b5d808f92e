/** Quantile levels every forecaster answers with, ascending and symmetric; the 90 % interval is the outer pair of 0.05 and 0.95. */
export const LEVELS = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975] as const;

/**
 * Forecasts of one model over many tracts, cutoffs and horizons; columns of equal length.
 * `cutoff` is the index of the last step that may have been seen; the target step is cutoff + horizon.
 */
export interface ForecastTable {
  model: string;
  /** Index into the panel's tracts. */
  tract: Int32Array;
  cutoff: Int32Array;
  horizon: Uint8Array;
  /** Point forecast: the median. */
  point: Float64Array;
  /** shape [rows × LEVELS.length], row-major; NaN where the model gives no intervals. */
  quantiles: Float64Array;
}

export interface ScoredForecasts extends ForecastTable {
  /** Settled truth; NaN = not scored (filled, not settled, beyond the end). */
  truth: Float64Array;
}
