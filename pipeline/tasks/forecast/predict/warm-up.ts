import type { TargetPanel } from '../../../contracts/panel.ts';
import { knownAt } from './known.ts';
import type { Forecaster } from './load.ts';

/** A small panel and what the bundle answers to it: whoever loads the bundle asks this first, and refuses a code
 *  that answers otherwise. */
export interface WarmUp {
  panel: Pick<TargetPanel, 'step' | 'start' | 'stepMs' | 'length' | 'tracts' | 'target' | 'scale' | 'delay'>;
  /** shape [tracts × length]; null = not observed */
  values: (number | null)[];
  /** Golden answers, shape [tracts × maxHorizon] and [tracts × maxHorizon × levels]. */
  point: number[];
  quantiles: number[];
}

/** Greatest relative difference between a bundle's golden answers and today's; NaN answers count as infinite. */
export function warmUpDifference(
  forecaster: Forecaster,
  { panel, values, point, quantiles }: WarmUp,
): number {
  const small: TargetPanel = {
    ...panel,
    values: Float64Array.from(values, (value) => value ?? 0),
    observed: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
  };
  const now = forecaster.forecast(knownAt(small, small.length - 1));
  let greatest = 0;
  const expected = [...point, ...quantiles];
  [...now.point, ...now.quantiles].forEach((value, index) => {
    const difference = Math.abs(value - expected[index]) / (1 + Math.abs(expected[index]));
    greatest = Math.max(greatest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  });
  return greatest;
}
