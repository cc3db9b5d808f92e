import type { BundleFiles } from '../../../contracts/bundle.ts';
import { bundleJson, readBundle, readBundleJson } from './bundle-json.ts';
import type { Fitted, Known } from './fitted.ts';
import { LOOKBACK, type SeriesView, viewOf } from './series-view.ts';
import { type Offset, offsetOf, writeFeatures } from './tree-features.ts';
import { type Forest, forestBytes, forestFrom, predictForest } from './trees-predict.ts';
import { drained, type Turns } from './turns.ts';

export interface TreesSettings {
  name: string;
  season: number;
  maxLead: number;
  offset: Offset;
  years: boolean;
  /** Limits of the learnt difference on the transformed scale: nothing beyond what was ever seen. */
  low: number;
  high: number;
}

export function fittedTrees(settings: TreesSettings, forest: Forest): Fitted {
  return {
    name: settings.name,
    maxLead: settings.maxLead,
    forecast: (known) => drained(treesInTurns(settings, forest, known)),
    turns: (known) => treesInTurns(settings, forest, known),
    files: () =>
      new Map([
        ...bundleJson(`${settings.name}/model.json`, settings),
        [`${settings.name}/forest.bin`, forestBytes(forest)],
      ]),
  };
}

/** @throws CorruptError if the files are not those of boosted trees */
export function loadTrees(name: string, files: BundleFiles): Fitted {
  const settings = readBundleJson<TreesSettings>(files, `${name}/model.json`);
  return fittedTrees({ ...settings, name }, forestFrom(readBundle(files, `${name}/forest.bin`)));
}

/** Tracts between two turns: less than a millisecond of work each. */
const TRACTS_A_TURN = 8;

function* treesInTurns(settings: TreesSettings, forest: Forest, known: Known): Turns<Float64Array> {
  const { maxLead, season, offset, years, low, high } = settings;
  const tracts = known.panel.tracts.length;
  const out = new Float64Array(tracts * maxLead);
  const view = recentView(known, season, maxLead);
  if (view.length === 0) return out;
  const row = new Float32Array(256);
  for (let tract = 0; tract < tracts; tract++) {
    if (tract % TRACTS_A_TURN === 0) yield;
    for (let lead = 1; lead <= maxLead; lead++) {
      const example = { tract, origin: view.length - 1, lead };
      writeFeatures(view, example, row, { years });
      const change = Math.max(low, Math.min(high, predictForest(forest, row)));
      out[tract * maxLead + lead - 1] = view.transforms[tract].from(offsetOf(view, example, offset) + change);
    }
  }
  return out;
}

const views = new WeakMap<Known, SeriesView>();

/** Several forests ask for the same view of the same cutoff. */
function recentView(known: Known, season: number, lead: number): SeriesView {
  const found = views.get(known);
  if (found !== undefined && found.season === season && found.holidays[0]?.length >= found.length + lead)
    return found;
  const view = viewOf(known, { season, lookback: LOOKBACK, lead });
  views.set(known, view);
  return view;
}
