import type { BundleFiles } from '../../contracts/bundle.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { bundleJson } from './predict/bundle-json.ts';
import { knownAt } from './predict/known.ts';
import { type Forecaster, loadForecaster } from './predict/load.ts';

const TRACTS = 3;
const STEPS = 90;

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

/** Adds `warm-up.json` to a bundle. */
export function withWarmUp(files: BundleFiles, panel: TargetPanel): BundleFiles {
  const forecaster = loadForecaster(files);
  const small = newestPart(panel);
  const { point, quantiles } = forecaster.forecast(knownAt(small, small.length - 1));
  const { step, start, stepMs, length, tracts, target, scale, delay } = small;
  const warmUp: WarmUp = {
    panel: { step, start, stepMs, length, tracts, target, scale, delay },
    values: Array.from(small.values, (value, cell) => (small.observed[cell] === 1 ? value : null)),
    point: Array.from(point),
    quantiles: Array.from(quantiles),
  };
  return new Map([...files, ...bundleJson('warm-up.json', warmUp)]);
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

function newestPart(panel: TargetPanel): TargetPanel {
  const length = Math.min(STEPS, panel.length);
  const from = panel.length - length;
  const tracts = panel.tracts.slice(0, TRACTS);
  const cut = <T extends Float64Array | Uint8Array>(source: T, into: T): T => {
    tracts.forEach((_, tract) => {
      into.set(source.subarray(tract * panel.length + from, (tract + 1) * panel.length), tract * length);
    });
    return into;
  };
  return {
    ...panel,
    start: timeAt(panel, from),
    length,
    tracts,
    values: cut(panel.values, new Float64Array(tracts.length * length)),
    observed: cut(panel.observed, new Uint8Array(tracts.length * length)),
    revisions: undefined,
  };
}
