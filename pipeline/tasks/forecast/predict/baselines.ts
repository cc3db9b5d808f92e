import type { BundleFiles } from '../../../contracts/bundle.ts';
import { bundleJson, readBundleJson } from './bundle-json.ts';
import { withoutDumps } from './dumps.ts';
import type { Fitted, Known } from './fitted.ts';
import { findSeason } from './season.ts';

export const BASELINES = ['persistence', 'seasonal-naive', 'seasonal-naive-growth'] as const;
export type BaselineName = (typeof BASELINES)[number];

/** Growth of a season is believed between a half and twofold: beyond that it is mostly noise or a correction. */
const GROWTH_LIMIT = Math.log(2);

export interface BaselineSettings {
  name: BaselineName;
  /** Steps; 1 where nothing repeats. */
  season: number;
  maxLead: number;
}

/** A baseline needs no learning, only the season. */
export function baseline(settings: BaselineSettings): Fitted {
  return {
    name: settings.name,
    maxLead: settings.maxLead,
    forecast: (known) => forecastBaseline(settings, known),
    files: () => bundleJson(`${settings.name}/model.json`, settings),
  };
}

/** @throws CorruptError if the files are not a baseline's */
export function loadBaseline(name: BaselineName, files: BundleFiles): Fitted {
  return baseline({ ...readBundleJson<BaselineSettings>(files, `${name}/model.json`), name });
}

/** The season of what is known, as all candidates see it. */
export function seasonOf(known: Known): number {
  const { panel, last } = known;
  const length = last + 1;
  const values = new Float64Array(panel.tracts.length * length);
  for (let tract = 0; tract < panel.tracts.length; tract++) {
    for (let t = 0; t < length; t++) {
      const cell = tract * panel.length + t;
      values[tract * length + t] = known.observed[cell] === 1 ? known.values[cell] : Number.NaN;
    }
  }
  return findSeason({ values, tracts: panel.tracts.length, length, step: panel.step, scale: panel.scale });
}

function forecastBaseline({ name, season, maxLead }: BaselineSettings, known: Known): Float64Array {
  const { panel, last } = known;
  const out = new Float64Array(panel.tracts.length * maxLead);
  if (last < 0) return out;
  for (let tract = 0; tract < panel.tracts.length; tract++) {
    const raw = known.values.subarray(tract * panel.length, tract * panel.length + last + 1);
    const grows = name === 'seasonal-naive-growth';
    // Whoever multiplies by growth takes a dump of old cases out first; the naive ones repeat what they saw.
    const series = grows && panel.scale === 'count' ? withoutDumps(raw, growthWindow(season)) : raw;
    const growth = grows ? growthOf(series, season, panel.scale) : 0;
    for (let lead = 1; lead <= maxLead; lead++) {
      const period = name === 'persistence' ? 1 : season;
      const seasons = Math.ceil(lead / period);
      const base = series[Math.max(0, last + lead - period * seasons)];
      // Growth is counted in the windows it was measured over, and fades: no wave grows for ever.
      const times = fading(seasons * (period / growthWindow(season)));
      const value = panel.scale === 'count' ? base * Math.exp(growth * times) : base + growth * times;
      out[tract * maxLead + lead - 1] = panel.scale === 'count' ? Math.max(0, value) : value;
    }
  }
  return out;
}

function growthWindow(season: number): number {
  return season >= 2 && season <= 31 ? season : 7;
}

function fading(windows: number): number {
  return windows <= 1 ? windows : 1 + 0.9 * (windows - 1);
}

/** Change from the window before to the newest: log of the ratio for counts, half of the difference of means for
 *  real numbers, whose windows say more of noise than of trend. */
function growthOf(series: Float64Array, season: number, scale: 'count' | 'real'): number {
  const window = growthWindow(season);
  if (series.length < 2 * window) return 0;
  let now = 0;
  let before = 0;
  for (let t = series.length - window; t < series.length; t++) {
    now += series[t];
    before += series[t - window];
  }
  if (scale === 'real') return (0.5 * (now - before)) / window;
  return Math.max(-GROWTH_LIMIT, Math.min(GROWTH_LIMIT, Math.log((now + 1) / (before + 1))));
}
