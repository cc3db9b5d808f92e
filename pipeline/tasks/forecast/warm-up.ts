import type { BundleFiles } from '../../contracts/bundle.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { bundleJson } from './predict/bundle-json.ts';
import { knownAt } from './predict/known.ts';
import { loadForecaster } from './predict/load.ts';
import type { WarmUp } from './predict/warm-up.ts';

const TRACTS = 3;
const STEPS = 90;

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
