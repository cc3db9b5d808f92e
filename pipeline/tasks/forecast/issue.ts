import type { TargetPanel } from '../../contracts/panel.ts';
import type { Issued } from './calibrate.ts';
import type { Rolled } from './rolling.ts';

/** Steps over which a mean of daily counts is taken. */
export const MEAN_WINDOW = 7;

/** Forecasts by horizon: the leads less those that bridge the reporting delay. */
export function issuedPoints(panel: TargetPanel, rolled: Rolled): Issued {
  const delay = Math.max(0, panel.delay);
  const horizons = rolled.maxLead - delay;
  const { from, cutoffs, tracts, maxLead } = rolled;
  const point = new Float64Array(cutoffs * tracts * horizons);
  for (let row = 0; row < cutoffs * tracts; row++) {
    for (let horizon = 0; horizon < horizons; horizon++)
      point[row * horizons + horizon] = rolled.values[row * maxLead + delay + horizon];
  }
  return { from, cutoffs, tracts, horizons, point };
}

/** Forecasts of the mean of the window that ends at the target: what is known of it, and the forecasts of the rest. */
export function issuedMeans(
  panel: TargetPanel,
  rolled: Rolled,
  truthAt: (cutoff: number) => Float64Array,
): Issued {
  const delay = Math.max(0, panel.delay);
  const horizons = rolled.maxLead - delay;
  const { from, cutoffs, tracts, maxLead } = rolled;
  const point = new Float64Array(cutoffs * tracts * horizons);
  for (let index = 0; index < cutoffs; index++) {
    const last = from + index - delay;
    const truth = truthAt(from + index);
    for (let tract = 0; tract < tracts; tract++) {
      const row = index * tracts + tract;
      for (let horizon = 1; horizon <= horizons; horizon++) {
        let sum = 0;
        for (let back = 0; back < MEAN_WINDOW; back++) {
          const step = from + index + horizon - back;
          sum +=
            step > last
              ? rolled.values[row * maxLead + step - last - 1]
              : (truth[tract * panel.length + step] ?? Number.NaN);
        }
        point[row * horizons + horizon - 1] = sum / MEAN_WINDOW;
      }
    }
  }
  return { from, cutoffs, tracts, horizons, point };
}
