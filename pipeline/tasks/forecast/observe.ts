import type { BundleFiles } from '../../contracts/bundle.ts';
import { LEVELS } from '../../contracts/forecast.ts';
import type { PackForecasts } from '../../contracts/pack.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import type { LatestForecast } from '../task.ts';
import { bundleJson } from './predict/bundle-json.ts';
import { followFrozen } from './predict/follow.ts';
import { type Forecasts, loadForecaster } from './predict/load.ts';

/** Steps of each series that the pack carries: what a person or a chart wants to see beside the forecast. */
const RECENT = 28;

/** What a frozen bundle makes of the newest observations.
 *  @returns `forecasts.json` and `intervals.json` of the pack, and the forecasts from the newest cutoff */
export function observe(
  files: BundleFiles,
  panel: TargetPanel,
): { files: BundleFiles; forecasts: LatestForecast[] } {
  const forecaster = loadForecaster(files);
  const cutoff = panel.length - 1;
  const { answers, state } = followFrozen(forecaster, panel, [cutoff, cutoff]);
  const { forecasts } = answers[0];
  const forecastList = latest(panel, cutoff, forecaster.spec.maxHorizon, forecasts);
  const pack: PackForecasts = {
    target: panel.target,
    last_time: iso(panel, cutoff),
    tracts: panel.tracts.map(({ id, name, latitude, longitude }, tract) => ({
      id,
      name,
      latitude,
      longitude,
      recent: recent(panel, tract),
      forecasts: forecastList
        .filter((forecast) => forecast.tract === id)
        .map(({ time, horizon, point, low, high }) => ({ time, horizon, point, low, high })),
    })),
  };
  return {
    files: new Map([...bundleJson('forecasts.json', pack), ...bundleJson('intervals.json', state)]),
    forecasts: forecastList,
  };
}

function latest(
  panel: TargetPanel,
  cutoff: number,
  horizons: number,
  { point, quantiles }: Forecasts,
): LatestForecast[] {
  const [low, high] = [LEVELS.indexOf(0.05), LEVELS.indexOf(0.95)];
  return panel.tracts.flatMap(({ id, name }, tract) =>
    Array.from({ length: horizons }, (_, index) => {
      const row = tract * horizons + index;
      return {
        tract: id,
        name,
        time: iso(panel, cutoff + index + 1),
        horizon: index + 1,
        point: point[row],
        low: quantiles[row * LEVELS.length + low],
        high: quantiles[row * LEVELS.length + high],
      };
    }),
  );
}

function recent(panel: TargetPanel, tract: number): PackForecasts['tracts'][number]['recent'] {
  const from = Math.max(0, panel.length - RECENT);
  return Array.from({ length: panel.length - from }, (_, index) => {
    const cell = tract * panel.length + from + index;
    return {
      time: iso(panel, from + index),
      value: panel.values[cell],
      observed: panel.observed[cell] === 1,
    };
  });
}

function iso(panel: TargetPanel, index: number): string {
  return new Date(timeAt(panel, index)).toISOString();
}
