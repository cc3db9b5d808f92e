import type { BundleFiles } from '../../contracts/bundle.ts';
import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import { followFrozen } from './predict/follow.ts';
import { loadForecaster } from './predict/load.ts';
import { tableOf } from './tables.ts';
import { truthOf } from './truth.ts';

/** A frozen bundle on the cutoffs of a window, each seeing only what was known then.
 *  @returns rows for every horizon the bundle was trained for */
export async function score(
  files: BundleFiles,
  panel: TargetPanel,
  window: [number, number],
): Promise<ScoredForecasts> {
  const forecaster = loadForecaster(files);
  const horizons = forecaster.spec.maxHorizon;
  const tracts = panel.tracts.length;
  const { answers } = followFrozen(forecaster, panel, window);
  const point = new Float64Array(answers.length * tracts * horizons);
  const quantiles = new Float64Array(point.length * LEVELS.length);
  answers.forEach(({ forecasts }, index) => {
    point.set(forecasts.point, index * tracts * horizons);
    quantiles.set(forecasts.quantiles, index * tracts * horizons * LEVELS.length);
  });
  const issued = { from: window[0], cutoffs: answers.length, tracts, horizons, point };
  return tableOf(
    forecaster.spec.candidate,
    panel,
    { issued, quantiles, truth: truthOf(panel) },
    { cutoffs: window, horizons: Array.from({ length: horizons }, (_, index) => index + 1) },
  );
}
