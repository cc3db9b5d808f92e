import jstat from 'jstat';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const { studentt } = jstat.jStat;

/** The power at which `smallestVisible` is stated. */
export const POWER = 0.8;

export interface LossesByDay {
  /** Sum of the challenger's losses over all tracts and horizons of a day, shape [days], in time order. */
  challenger: ArrayLike<number>;
  /** Sum of the other side's losses over the very same rows, shape [days]. */
  reference: ArrayLike<number>;
}

export interface BootstrapOptions {
  /** Days that are drawn together: at least horizon + a season. */
  blockDays: number;
  /** One-sided level of the interval's ends. */
  alpha: number;
  seed: number;
  resamples?: number;
  /** True where the metric is the root of the mean loss (RMSE). */
  root?: boolean;
}

export interface Difference {
  /** 1 − challenger's loss / reference's: 0.03 = 3 % better; negative = worse. */
  estimate: number;
  standardError: number;
  /** Interval of level 1 − 2·alpha: `low` > 0 exactly where pBetter < alpha. */
  low: number;
  high: number;
  /** One-sided p-values of "no difference", against better and against worse. */
  pBetter: number;
  pWorse: number;
  /** The smallest true improvement that this test, at this alpha, would have found in 80 of 100 cases:
   *  (t₁₋ₐ + t₀.₈) · standard error. */
  smallestVisible: number;
  /** Blocks of days in the test, weighed by how evenly the losses spread over the days. */
  effectiveBlocks: number;
}

/**
 * Relative improvement of a ratio of summed losses (WAPE, MAE, WIS, MASE, RMSE) with its noise, by a circular
 * moving-block bootstrap of whole days (Politis & Romano 1992): all tracts of a day stay together, since tracts
 * move together, and neighbouring days too, since a forecast 7 days ahead errs on seven cutoffs in a row.
 *
 * Windows hold few blocks, and the bootstrap then sees too little: within n days, blocks of b days show only the share
 * 1 − b/n of the variance, which is put back; and the quantiles are Student's with 1.5·(n/b − 1) degrees of
 * freedom, those of overlapping batch means (Meketon & Schmeiser 1984). n is Kish's effective number of days,
 * (Σw)²/Σw² with w the losses of a day, for in a wave a few days carry the whole sum.
 * `block-bootstrap.test.ts` simulates how often equal recipes pass.
 *
 * @returns NaN throughout where there are fewer than two effective blocks, or nothing to improve on
 * @throws RangeError if the two sides differ in length
 */
export function compareLosses(losses: LossesByDay, options: BootstrapOptions): Difference {
  const { challenger, reference } = losses;
  const days = challenger.length;
  const { blockDays, alpha, root = false } = options;
  if (reference.length !== days) throw new RangeError(`${days} days of losses against ${reference.length}`);

  const effectiveBlocks = effectiveNumber(challenger, reference) / blockDays;
  const estimate = improvement(sum(challenger), sum(reference), root);
  if (!Number.isFinite(estimate) || days < 2 * blockDays || effectiveBlocks <= 1)
    return { ...unknown, estimate, effectiveBlocks };

  const seen = 1 - 1 / effectiveBlocks;
  const standardError = deviation(resample(losses, options)) / Math.sqrt(seen);
  const degrees = 1.5 * (effectiveBlocks - 1);
  const reach = studentt.inv(1 - alpha, degrees) * standardError;
  return {
    estimate,
    standardError,
    low: estimate - reach,
    high: estimate + reach,
    pBetter: upperTail(estimate, standardError, degrees),
    pWorse: upperTail(-estimate, standardError, degrees),
    smallestVisible: reach + studentt.inv(POWER, degrees) * standardError,
    effectiveBlocks,
  };
}

const unknown = {
  standardError: NaN,
  low: NaN,
  high: NaN,
  pBetter: NaN,
  pWorse: NaN,
  smallestVisible: NaN,
};

function resample({ challenger, reference }: LossesByDay, options: BootstrapOptions): Float64Array {
  const { blockDays, seed, resamples = 2000, root = false } = options;
  const days = challenger.length;
  const upTo = { challenger: runningTotals(challenger), reference: runningTotals(reference) };
  const random = xoroshiro128plus(seed);
  const improvements = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let ours = 0;
    let theirs = 0;
    for (let left = days; left > 0; left -= blockDays) {
      const from = uniformInt(random, 0, days - 1);
      const to = from + Math.min(blockDays, left);
      ours += upTo.challenger[to] - upTo.challenger[from];
      theirs += upTo.reference[to] - upTo.reference[from];
    }
    improvements[r] = improvement(ours, theirs, root);
  }
  return improvements;
}

/** Totals over a circle walked twice: a block that runs over the end goes on at the start. */
function runningTotals(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const totals = new Float64Array(2 * n + 1);
  for (let i = 0; i < 2 * n; i++) totals[i + 1] = totals[i] + values[i % n];
  return totals;
}

function improvement(challenger: number, reference: number, root: boolean): number {
  if (!(reference > 0)) return NaN;
  const ratio = challenger / reference;
  return 1 - (root ? Math.sqrt(ratio) : ratio);
}

function effectiveNumber(challenger: ArrayLike<number>, reference: ArrayLike<number>): number {
  let total = 0;
  let squares = 0;
  for (let i = 0; i < challenger.length; i++) {
    const weight = challenger[i] + reference[i];
    total += weight;
    squares += weight * weight;
  }
  return squares > 0 ? (total * total) / squares : 0;
}

function upperTail(estimate: number, standardError: number, degrees: number): number {
  // Two sides that never differ have no noise: equal is not better.
  if (standardError === 0) return estimate > 0 ? 0 : 1;
  return 1 - studentt.cdf(estimate / standardError, degrees);
}

function deviation(values: Float64Array): number {
  const known = values.filter(Number.isFinite);
  const mean = sum(known) / known.length;
  let squares = 0;
  for (const value of known) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (known.length - 1));
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
