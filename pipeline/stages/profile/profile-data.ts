import type { FeatureSchema } from '../../contracts/features.ts';

export type Step = FeatureSchema['step'];

/** Everything the page shows, already bounded: its size does not grow with the data's. */
export interface ProfileData {
  model: string;
  target: string;
  scale: FeatureSchema['scale'];
  step: Step;
  /** Moments of the first and last step, epoch milliseconds. */
  first: number;
  last: number;
  tracts: number;
  /** Cells from each tract's first value on, and how many of these the portal did not publish. */
  expected: number;
  missing: number;
  delay: number;
  /** Sum over the tracts for counts, mean for other values; one point a bucket. */
  overall: SeriesPoints;
  /** Some tracts, the largest first. */
  shown: TractSeries[];
  missingness: Missingness;
  distribution: Bin[];
  /** What the value repeats with: hour of the day, weekday or month. */
  cycle: { name: string; rows: { label: string; ratio: number | null; n: number }[] };
  columns: ColumnFacts[];
  correlations: { names: string[] /** shape [names × names] */; matrix: (number | null)[][] };
  /** Rows that correlations were computed from, where not all. */
  sampledRows: number | null;
}

export interface SeriesPoints {
  /** Steps in one point. */
  stepsPerPoint: number;
  /** Moment of each point, epoch milliseconds. */
  times: number[];
  /** Mean over the point's steps; null before the first value. */
  values: (number | null)[];
  /** Share of the point's steps that were filled, 0…1. */
  filled: number[];
}

export interface TractSeries {
  id: string;
  name: string;
  missing: number;
  history: SeriesPoints;
  recent: SeriesPoints;
}

export interface Missingness {
  /** Months, or longer periods where there are too many of them. */
  periods: string[];
  all: (number | null)[];
  /** Some tracts, most missing first; share of steps missing, null where the tract had not begun. */
  rows: { id: string; name: string; shares: (number | null)[] }[];
}

export interface Bin {
  label: string;
  count: number;
}

export interface ColumnFacts {
  name: string;
  unit: string;
  description: string;
  q01: number | null;
  median: number | null;
  q99: number | null;
  nullShare: number;
  /** Counts in equal steps from q01 to q99. */
  histogram: number[];
}

/** Bounds of the page. */
export const MOST = {
  points: 400,
  recent: 120,
  tracts: 120,
  missingRows: 60,
  periods: 48,
  columns: 60,
  correlated: 12,
};

/** Steps that make one point of a chart, in sizes that keep weeks (or days) whole: else the weekly rhythm would
 *  beat against the buckets.
 *  @returns the smallest size that gives at most `MOST.points` points */
export function stepsPerPoint(step: Step, length: number): number {
  const sizes = { hour: [1, 6, 24, 168, 672], day: [1, 7, 14, 28], week: [1, 4, 13, 52], month: [1, 3, 12] }[
    step
  ];
  const fitting = sizes.find((size) => length / size <= MOST.points);
  if (fitting) return fitting;
  const largest = sizes[sizes.length - 1];
  return largest * Math.ceil(length / largest / MOST.points);
}

/** Edges of the bars of a distribution: 0, 1, 2, 5, 10, … for counts (they span decades), equal widths otherwise.
 *  @returns ascending lower edges; the last bar is open */
export function binEdges(scale: 'count' | 'real', low: number, high: number): number[] {
  if (scale === 'count') {
    const edges = [0];
    for (let decade = 1; decade <= Math.max(1, high) && edges.length < 30; decade *= 10) {
      for (const step of [1, 2, 5]) if (step * decade <= Math.max(1, high)) edges.push(step * decade);
    }
    return edges;
  }
  const width = niceStep((high - low) / 14);
  const first = Math.floor(low / width) * width;
  const edges: number[] = [];
  for (let k = 0; first + k * width <= high && k < 30; k++)
    edges.push(Number((first + k * width).toPrecision(12)));
  return edges;
}

/** 1, 2 or 5 times a power of ten, at least `rough`. */
export function niceStep(rough: number): number {
  if (!(rough > 0) || !Number.isFinite(rough)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((step) => step * power >= rough * (1 - 1e-9)) ?? 10) * power;
}
