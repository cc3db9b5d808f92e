import type { BundleFiles } from '../../contracts/bundle.ts';
import type { PackForecasts } from '../../contracts/pack.ts';
import { indexAt, type TargetPanel, timeAt } from '../../contracts/panel.ts';
import type { LatestForecast, PublishedTotals } from '../task.ts';
import { windowFiles } from './pack-windows.ts';
import { bundleJson } from './predict/bundle-json.ts';
import { followFrozen } from './predict/follow.ts';
import { knownAt } from './predict/known.ts';
import { loadForecaster } from './predict/load.ts';
import { entriesOf } from './predict/pack-forecasts.ts';

type PackTract = PackForecasts['tracts'][number];

/** Steps of each series that the pack carries for people: what a chart wants to show beside the forecast. */
const RECENT = 63;

/** What a frozen bundle makes of the newest observations.
 *  @returns the files of the pack: `forecasts.json`, `intervals.json` and the windows that any other model forecasts from; and
 *  the forecasts from the newest cutoff */
export function observe(
  files: BundleFiles,
  panel: TargetPanel,
  totals: PublishedTotals = new Map(),
): { files: BundleFiles; forecasts: LatestForecast[] } {
  const forecaster = loadForecaster(files);
  const cutoff = panel.length - 1;
  const { answers, state } = followFrozen(forecaster, panel, [cutoff, cutoff]);
  const forecastsOf = entriesOf(panel, cutoff, answers[0].forecasts);
  const tracts = panel.tracts.map(({ id, name, latitude, longitude, population }, tract) => ({
    id,
    name,
    latitude,
    longitude,
    ...(population !== undefined && population > 0 && { population }),
    total: totalOf(panel, tract, totals),
    recent: recent(panel, tract),
    forecasts: forecastsOf(tract),
  }));
  const pack: PackForecasts = {
    target: panel.target,
    step: panel.step,
    delay: Math.max(0, panel.delay),
    last_time: iso(panel, cutoff),
    tracts,
  };
  return {
    files: new Map([
      ...bundleJson('forecasts.json', pack),
      ...bundleJson('intervals.json', state),
      ...windowFiles(knownAt(panel, cutoff)),
    ]),
    forecasts: tracts.flatMap(({ id, name, forecasts }) =>
      forecasts.map((forecast) => ({ tract: id, name, ...forecast })),
    ),
  };
}

/** @returns undefined where there is nothing to tell: real numbers add up to nothing */
function totalOf(panel: TargetPanel, tract: number, totals: PublishedTotals): PackTract['total'] {
  const published = totals.get(panel.tracts[tract].id);
  if (published) {
    const time = iso(panel, indexAt(panel, published.time));
    return { value: published.value, time, from: 'published' };
  }
  if (panel.scale !== 'count') return undefined;
  let value = 0;
  let newest = -1;
  for (let t = 0; t < panel.length; t++) {
    const cell = tract * panel.length + t;
    if (panel.observed[cell] === 0) continue;
    value += panel.values[cell];
    newest = t;
  }
  return newest < 0 ? undefined : { value, time: iso(panel, newest), from: 'summed' };
}

/** Without what lies before a tract's first value: nothing was filled there. */
function recent(panel: TargetPanel, tract: number): PackTract['recent'] {
  const steps: PackTract['recent'] = [];
  for (let t = Math.max(0, panel.length - RECENT); t < panel.length; t++) {
    const cell = tract * panel.length + t;
    const value = panel.values[cell];
    if (!Number.isNaN(value))
      steps.push({ time: iso(panel, t), value, observed: panel.observed[cell] === 1 });
  }
  return steps;
}

function iso(panel: TargetPanel, index: number): string {
  return new Date(timeAt(panel, index)).toISOString();
}
