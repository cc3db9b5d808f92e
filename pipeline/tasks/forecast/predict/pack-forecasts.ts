import { createHash } from 'node:crypto';
import { type BundleFiles, PackManifest } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { LEVELS } from '../../../contracts/forecast.ts';
import { PackForecasts } from '../../../contracts/pack.ts';
import { type TargetPanel, timeAt } from '../../../contracts/panel.ts';
import type { Known } from './fitted.ts';
import { IntervalState } from './intervals.ts';
import type { Forecaster, Forecasts } from './load.ts';
import type { Turns } from './turns.ts';
import { readPackJson, readWindows } from './windows.ts';

type PackTract = PackForecasts['tracts'][number];

/** What a model makes of a pack's windows, whoever made the forecasts that are in it. Points are those that publishing with this
 *  model would have given. Intervals too where the pack was made for this very bundle; for another one their widths are those of
 *  its training, for the pack's follow the errors of somebody else.
 *  A tract that the model has not learnt from is forecast as the others are, with the width that is usual; one that the windows do
 *  not have has no forecast.
 *  @param digest of the bundle, null: not known
 *  @param read of the pack, where it was read already
 *  @throws CorruptError where the pack has no windows, or ones of another target */
export function* forecastPack(
  forecaster: Forecaster,
  { pack, digest, ...read }: ToForecast,
): Turns<PackForecasts> {
  const known = read.known ?? windowsFor(forecaster, pack);
  const { bundle } = readPackJson(pack, 'pack.json', PackManifest);
  const isOurs = bundle !== null && bundle === digest;
  const state = isOurs ? readPackJson(pack, 'intervals.json', IntervalState) : forecaster.intervals;
  const made = yield* forecaster.turns(known, state);
  const { tracts, ...about } = read.forecasts ?? readPackJson(pack, 'forecasts.json', PackForecasts);
  const seen = new Map(tracts.map((tract) => [tract.id, tract]));
  const forecastsOf = entriesOf(known.panel, known.cutoff, made);
  const again: PackTract[] = [];
  for (const [tract, { id, name }] of known.panel.tracts.entries()) {
    again.push({ ...(seen.get(id) ?? { id, name, recent: [] }), forecasts: forecastsOf(tract) });
    yield;
  }
  return { ...about, tracts: again };
}

interface ToForecast {
  pack: BundleFiles;
  digest: string | null;
  known?: Known;
  forecasts?: PackForecasts;
}

/** @throws CorruptError where they are not of what this model forecasts */
export function windowsFor(forecaster: Forecaster, pack: BundleFiles): Known {
  return fitting(forecaster, readWindows(pack));
}

/** @returns what is given @throws CorruptError where it is not of what this model forecasts */
export function fitting({ spec }: Forecaster, known: Known): Known {
  for (const fact of ['target', 'scale', 'step'] as const) {
    if (known.panel[fact] === spec[fact]) continue;
    throw new CorruptError(
      `the observation pack's windows have the ${fact} ${known.panel[fact]}, this model forecasts ${spec[fact]}`,
      { hint: 'publish a pack with this model: perennial run' },
    );
  }
  return known;
}

/** @returns SHA-256 of the manifest among a bundle's files; null where there is none */
export function digestOf(files: BundleFiles): string | null {
  const bytes = files.get('bundle.json');
  return bytes ? createHash('sha256').update(bytes).digest('hex') : null;
}

/** Forecasts of one tract after another as a pack tells them.
 *  @param cutoff the newest step, whether it is complete yet or not */
export function entriesOf(
  panel: Pick<TargetPanel, 'step' | 'start' | 'stepMs' | 'tracts'>,
  cutoff: number,
  { point, quantiles }: Forecasts,
): (tract: number) => PackTract['forecasts'] {
  const horizons = point.length / Math.max(1, panel.tracts.length);
  const times = Array.from({ length: horizons }, (_, index) =>
    new Date(timeAt(panel, cutoff + index + 1)).toISOString(),
  );
  return (tract) =>
    times.map((time, index) => {
      const row = tract * horizons + index;
      return {
        time,
        horizon: index + 1,
        point: point[row],
        low: quantiles[row * LEVELS.length + LOW],
        high: quantiles[row * LEVELS.length + HIGH],
      };
    });
}

const LOW = LEVELS.indexOf(0.05);
const HIGH = LEVELS.indexOf(0.95);
