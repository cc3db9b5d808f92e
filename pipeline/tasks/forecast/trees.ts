import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type BoostingOptions, type Examples, fitForest } from './boosting.ts';
import type { Candidate, FitRequest } from './candidate.ts';
import { seasonOf } from './predict/baselines.ts';
import { type SeriesView, viewOf } from './predict/series-view.ts';
import {
  type FeatureOptions,
  featureCount,
  knowsYears,
  type Offset,
  offsetOf,
  writeFeatures,
} from './predict/tree-features.ts';
import { fittedTrees, loadTrees } from './predict/trees.ts';

export interface TreesOptions {
  offset: Offset;
  /** Steps in which a row's weight halves. */
  halfLife: number;
  /** Weight of a row grows with its level to this power: 1 makes the loss an absolute error in cases. */
  levelPower: number;
  maxRows: number;
  boosting: Omit<BoostingOptions, 'seed'>;
}

/** Chosen on Italy's regions, cutoffs of July 2021 to March 2022: many rows, of which each tree sees few, and small
 *  trees; half as costly as the larger ones that were as good. */
export const TREES: TreesOptions = {
  offset: 'ratio',
  halfLife: 700,
  levelPower: 0.7,
  maxRows: 100_000,
  boosting: {
    rounds: 200,
    learningRate: 0.07,
    maxLeaves: 16,
    minLeafShare: 0.001,
    minLeafRows: 10,
    lambda: 5,
    rowShare: 0.25,
    featureShare: 0.3,
    patience: 0,
  },
};

/** Boosted trees over all tracts and leads at once, learning the difference to an offset (see `Offset`). */
export function treesCandidate(name: string, options: Partial<TreesOptions> = {}): Candidate {
  const settings = { ...TREES, ...options };
  return {
    name,
    isBaseline: false,
    async fit(request) {
      const season = seasonOf(request.known);
      const view = viewOf(request.known, { season, lookback: request.known.last + 1, lead: request.maxLead });
      const rows = drawExamples(view, request, settings);
      const years = knowsYears(request.known.panel.step, view.length);
      const { examples, low, high } = examplesOf(view, rows, { ...settings, years });
      const residuals: number[] = [];
      const boosting = { ...settings.boosting, seed: request.seed };
      const forest = fitForest(examples, boosting, (residual) => residuals.push(residual));
      request.onCurve?.({ name: `${name}/median-residual`, unit: 'round', every: 1, points: residuals });
      return fittedTrees(
        { name, season, maxLead: request.maxLead, offset: settings.offset, years, low, high },
        forest,
      );
    },
    load: (files) => loadTrees(name, files),
  };
}

interface Rows {
  tract: Int32Array;
  origin: Int32Array;
  lead: Int32Array;
  /** True where older rows were drawn more thinly: part of their lower weight is spent by that. */
  thinned: boolean;
}

/** Every origin whose target is known, thinned at random to `maxRows`, the older the thinner. */
function drawExamples(view: SeriesView, request: FitRequest, options: TreesOptions): Rows {
  const random = xoroshiro128plus(request.seed | 0);
  const uniform = () => ((random.next() >>> 0) + 0.5) / 2 ** 32;
  const first = Math.min(5 * view.window, Math.floor(view.length / 3));
  const chance = (origin: number) => 0.5 ** ((view.length - origin) / (2 * options.halfLife));
  let expected = 0;
  for (let origin = first; origin < view.length; origin++) expected += chance(origin);
  expected *= view.tracts.length * request.maxLead;
  const keep = Math.min(1, options.maxRows / Math.max(1, expected));
  const rows = { tract: [] as number[], origin: [] as number[], lead: [] as number[] };
  for (let tract = 0; tract < view.tracts.length; tract++) {
    const { x } = view.tracts[tract];
    for (let origin = first; origin < view.length - 1; origin++) {
      const share = keep < 1 ? keep * chance(origin) : 1;
      for (let lead = 1; lead <= request.maxLead && origin + lead < view.length; lead++) {
        if (Number.isNaN(x[origin + lead]) || Number.isNaN(x[origin])) continue;
        if (share < 1 && uniform() >= share) continue;
        rows.tract.push(tract);
        rows.origin.push(origin);
        rows.lead.push(lead);
      }
    }
  }
  return {
    tract: Int32Array.from(rows.tract),
    origin: Int32Array.from(rows.origin),
    lead: Int32Array.from(rows.lead),
    thinned: keep < 1,
  };
}

function examplesOf(view: SeriesView, rows: Rows, options: TreesOptions & FeatureOptions) {
  const n = rows.tract.length;
  const features = featureCount(view);
  const columns = Array.from({ length: features }, () => new Float32Array(n));
  const target = new Float32Array(n);
  const weight = new Float32Array(n);
  const row = new Float32Array(256);
  const halfLife = options.halfLife * (rows.thinned ? 2 : 1);
  for (let i = 0; i < n; i++) {
    const example = { tract: rows.tract[i], origin: rows.origin[i], lead: rows.lead[i] };
    writeFeatures(view, example, row, options);
    for (let f = 0; f < features; f++) columns[f][i] = row[f];
    const track = view.tracts[example.tract];
    target[i] = track.x[example.origin + example.lead] - offsetOf(view, example, options.offset);
    const unit = view.transforms[example.tract].unit(track.level[example.origin]);
    weight[i] = unit ** options.levelPower * 0.5 ** ((view.length - example.origin) / halfLife);
  }
  const sorted = Float32Array.from(target).sort();
  const low = sorted[Math.floor(0.001 * n)] ?? 0;
  const high = sorted[Math.max(0, Math.ceil(0.999 * n) - 1)] ?? 0;
  const group = rows.origin.map((origin) => Math.floor(origin / (2 * view.window)));
  const examples: Examples = { columns, target, weight, group };
  return { examples, low, high };
}
