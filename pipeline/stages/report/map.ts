import type { FeatureCollection } from 'geojson';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { errorIn, sidesOf } from '../../metrics/comparison-tables.ts';
import { percent } from '../../metrics/wording.ts';
import { fence } from './block.ts';
import { COLOURS } from './charts.ts';
import { plainText } from './plain-text.ts';
import { outlines, type Rings } from './simplify.ts';

interface Tract {
  id: string;
  name: string;
  /** Relative improvement: 0.03 = 3 % better. */
  gain: number;
}

/** Gains that are drawn as strongly as any larger one. */
const FULL = 0.2;
/** Below it, a tract is drawn as equal. */
const EQUAL = 0.005;

/** Where the challenger is better and where worse than the champion (a first model: than the baseline), as a block that
 *  the host draws as a map: a colour a tract, its name and difference where one points.
 *  Made to fit: outlines get coarser, then the tracts that differ least share a name, then only those that differ
 *  most are drawn, and the text says so.
 *  @param budget bytes of the block
 *  @returns '' without places; words alone where not even a few tracts fit */
export function map(
  promotion: Promotion,
  metrics: MetricsFile,
  { places, names, budget }: { places: FeatureCollection | null; names: Map<string, string>; budget: number },
): string {
  const { challenger, champion, baseline } = sidesOf(metrics, promotion);
  const reference = champion ?? baseline;
  if (!places || !challenger || !reference) return '';
  const title = `**Where it is better** 🔵 **and worse** 🟠 than the ${reference.role}`;
  if (budget < LEAST_BUDGET) return `${title}: no room here for a map.`;
  const there = new Set(places.features.map(({ properties }) => String(properties?.id)));
  const tracts = Object.keys(challenger.by_tract)
    .filter((id) => there.has(id))
    .flatMap((id) => {
      const ours = errorIn(challenger.by_tract[id], promotion.metric);
      const theirs = errorIn(reference.by_tract[id], promotion.metric);
      if (ours === null || theirs === null || !(theirs > 0)) return [];
      return [{ id, name: plainText(names.get(id) ?? id) || 'tract', gain: 1 - ours / theirs }];
    })
    .sort((a, b) => Math.abs(b.gain) - Math.abs(a.gain));
  if (tracts.length === 0) return '';
  const made = fitting(tracts, places, budget - Buffer.byteLength(title) - 100);
  if (!made) return `${title}: no room here for the map of ${tracts.length} tracts.`;
  const only = made.shown < tracts.length ? ` (the ${made.shown} tracts that differ most)` : '';
  return `${title}${only}\n\n${fence('geojson', made.json)}`;
}

/** Coarseness and the share of tracts with a name of their own, in the order in which they are tried. */
const FORMS = [
  ...[1, 0.75].map((share) => ({ share, tolerance: 0.003 })),
  ...[1, 0.75, 0.5, 0.3].map((share) => ({ share, tolerance: 0.006 })),
  ...[0.5, 0.3, 0.1].map((share) => ({ share, tolerance: 0.012 })),
  ...[0.3, 0.1].map((share) => ({ share, tolerance: 0.025 })),
];
const COARSE = [0.006, 0.025];
/** An outline of four corners in a group of others. */
const LEAST_BYTES = 60;
/** Below it, a map shows too little to be worth its room. */
const LEAST_BUDGET = 1_500;
/** Fewer are no map. */
const LEAST_TRACTS = 5;

function fitting(
  tracts: Tract[],
  places: FeatureCollection,
  budget: number,
): { json: string; shown: number } | null {
  const most = Math.floor(budget / LEAST_BYTES);
  // What cannot fit is not even made simpler: thousands of outlines take seconds.
  const candidates = tracts.slice(0, Math.max(most, 0));
  const drawn = outlines(
    places,
    candidates.map(({ id }) => id),
  );
  const fits = (shown: number, named: number, tolerance: number) => {
    const rings = drawn(tolerance);
    if (rings.size === 0) return null;
    const json = collection(candidates.slice(0, shown), named, rings);
    return Buffer.byteLength(json) <= budget ? { json, shown } : null;
  };
  const all = tracts.length;
  if (all <= most) {
    for (const { share, tolerance } of FORMS) {
      const made = fits(all, Math.ceil(all * share), tolerance);
      if (made) return made;
    }
  }
  for (let shown = candidates.length; shown >= LEAST_TRACTS; shown = Math.floor(shown * 0.7)) {
    for (const tolerance of COARSE) {
      const made = fits(shown, Math.ceil(shown * 0.25), tolerance);
      if (made) return made;
    }
  }
  return null;
}

/** @param named how many tracts get a name of their own; the others are drawn together by how they differ */
function collection(tracts: Tract[], named: number, rings: Map<string, Rings>): string {
  const drawn = tracts.filter(({ id }) => rings.has(id));
  const groups = new Map<string, Tract[]>();
  for (const tract of drawn.slice(named)) {
    const key = String(strength(tract.gain));
    groups.set(key, [...(groups.get(key) ?? []), tract]);
  }
  const features = [
    ...drawn
      .slice(0, named)
      .map((tract) => feature(`${tract.name}: ${words(tract.gain)}`, tract.gain, rings.get(tract.id)!)),
    ...[...groups.values()].map((members) => {
      const gains = members.map(({ gain }) => gain);
      const [least, most] = [Math.min(...gains), Math.max(...gains)];
      const span = members.length === 1 ? words(least) : `${words(least)} to ${words(most)}`;
      const count = members.length === 1 ? '1 tract' : `${members.length} tracts`;
      return feature(
        `${count}: ${span}`,
        gains[0],
        members.flatMap(({ id }) => rings.get(id)!),
      );
    }),
  ];
  return JSON.stringify({ type: 'FeatureCollection', features });
}

function feature(title: string, gain: number, rings: Rings) {
  const opacity = Math.abs(strength(gain));
  return {
    type: 'Feature',
    properties: {
      title,
      fill: opacity === 0 ? COLOURS.other : gain > 0 ? COLOURS.challenger : COLOURS.champion,
      'fill-opacity': opacity === 0 ? 0.2 : opacity,
      'stroke-width': 1,
    },
    geometry:
      rings.length === 1
        ? { type: 'Polygon', coordinates: rings[0] }
        : { type: 'MultiPolygon', coordinates: rings },
  };
}

/** −0.8 … 0.8 in five steps each way; 0: as good as equal. */
function strength(gain: number): number {
  if (Math.abs(gain) < EQUAL) return 0;
  const size = Math.ceil((5 * Math.min(Math.abs(gain), FULL)) / FULL) / 5;
  return Math.sign(gain) * Number((0.2 + 0.6 * size).toFixed(2));
}

function words(gain: number): string {
  if (Math.abs(gain) < 0.0005) return 'equal';
  return gain > 0 ? `${percent(gain)} better` : `${percent(-gain)} worse`;
}
