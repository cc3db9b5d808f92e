/** Hyperparameters; the defaults were chosen on cutoffs of 2021-06 … 2022-03 of Italy's regions, never on later ones. */
export interface LstmSettings {
  /** Short seasons that one window looks back. */
  seasons: number;
  /** Steps that one window looks back, where a team has chosen them itself. */
  lookback?: number;
  units: number;
  hidden: number;
  networks: number;
  batch: number;
  /** Steps of the optimiser for each network, at most. */
  steps: number;
  /** The same where an earlier fit is gone on from. */
  warmSteps: number;
  rate: number;
  weightDecay: number;
  clipNorm: number;
  averageDecay: number;
  dropout: number;
  /** Steps after which an example counts half, in seasons. */
  halfLife: number;
  /** Power of a tract's level by which its windows are preferred: 1 weighs errors as WAPE does. */
  levelPower: number;
  /** Below this an error counts squared, on the network's scale. */
  huber: number;
  /** Newest cutoffs kept for early stopping, in seasons. */
  holdout: number;
  /** Steps between two looks at the held-out cutoffs. */
  lookEvery: number;
  /** Looks without improvement before the training stops. */
  patience: number;
  /** Share of `steps` spent on the held-out cutoffs too, once it is known how long to train. */
  finish: number;
}

export const LSTM_SETTINGS: LstmSettings = {
  seasons: 2,
  units: 32,
  hidden: 32,
  networks: 2,
  batch: 128,
  steps: 450,
  warmSteps: 150,
  rate: 8e-3,
  weightDecay: 1e-3,
  clipNorm: 1,
  averageDecay: 0.99,
  dropout: 0.1,
  halfLife: 26,
  levelPower: 0.7,
  huber: 0.02,
  holdout: 3,
  lookEvery: 60,
  patience: 4,
  finish: 0.3,
};
