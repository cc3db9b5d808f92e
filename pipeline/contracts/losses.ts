/** How the target moves around a target time: its mean over a season against the season before. */
export const PHASES = ['growth', 'plateau', 'decline'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * `artifacts/<model>/evaluate/losses.parquet`, one table a side; all sides have the same rows in the same order.
 * Columns: role, model, tract, cutoff, horizon, truth, forecast, loss, wis, phase.
 */
export interface LossTable {
  role: 'challenger' | 'champion' | 'baseline';
  model: string;
  /** Ids that `tract` points into. */
  tracts: string[];
  tract: Int32Array;
  /** Epoch milliseconds. */
  cutoff: Float64Array;
  horizon: Int32Array;
  truth: Float64Array;
  forecast: Float64Array;
  /** Loss of the promotion's metric: |e| (wape, mae), e² (rmse), |e| / scale (mase), interval score (wis). */
  loss: Float64Array;
  /** Weighted interval score; NaN where the side gives no intervals. */
  wis: Float64Array;
  /** Index into PHASES. */
  phase: Int32Array;
}
