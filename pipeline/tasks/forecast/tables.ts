import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import type { Issued } from './calibrate.ts';

/** Issued forecasts as a table, with what came of them.
 *  @param quantiles shape [cutoffs × tracts × horizons × levels] as `issued`
 *  @param truth shape [tracts × length]; NaN = not scored
 *  @param cutoffs first and last cutoff to keep
 *  @param horizons the horizons to keep */
export function tableOf(
  model: string,
  panel: TargetPanel,
  { issued, quantiles, truth }: { issued: Issued; quantiles: Float64Array; truth: Float64Array },
  { cutoffs, horizons }: { cutoffs: [number, number]; horizons: number[] },
): ScoredForecasts {
  const rows = (cutoffs[1] - cutoffs[0] + 1) * issued.tracts * horizons.length;
  const table: ScoredForecasts = {
    model,
    tract: new Int32Array(rows),
    cutoff: new Int32Array(rows),
    horizon: new Uint8Array(rows),
    point: new Float64Array(rows),
    quantiles: new Float64Array(rows * LEVELS.length),
    truth: new Float64Array(rows),
  };
  let row = 0;
  for (let cutoff = cutoffs[0]; cutoff <= cutoffs[1]; cutoff++) {
    for (let tract = 0; tract < issued.tracts; tract++) {
      for (const horizon of horizons) {
        const at = ((cutoff - issued.from) * issued.tracts + tract) * issued.horizons + horizon - 1;
        const target = cutoff + horizon;
        table.tract[row] = tract;
        table.cutoff[row] = cutoff;
        table.horizon[row] = horizon;
        table.point[row] = issued.point[at];
        table.truth[row] = target < panel.length ? truth[tract * panel.length + target] : Number.NaN;
        for (let level = 0; level < LEVELS.length; level++)
          table.quantiles[row * LEVELS.length + level] = quantiles[at * LEVELS.length + level];
        row++;
      }
    }
  }
  return table;
}
