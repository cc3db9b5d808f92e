import type { Feature, FeatureCollection, MultiPolygon, Polygon, Position } from 'geojson';
import { quantize } from 'topojson-client';
import { topology } from 'topojson-server';
import { presimplify, simplify } from 'topojson-simplify';
import type { Topology } from 'topojson-specification';
import type { Flat, Level, Outlines } from './data.ts';

export const LEVELS = ['far', 'near'] as const satisfies readonly Level[];

/** Corners that lie closer than the map's width by this are one. */
const CORNERS: Record<Level, number> = { far: 1_500, near: 12_000 };
/** Positions on the map's width. */
const GRID: Record<Level, number> = { far: 4_096, near: 65_536 };

/** Outlines for a screen: laid flat, borders kept in common, simplified (Visvalingam) as a level asks. Pure; 3,100 counties
 *  take most of a second, so it runs on a thread of its own.
 *  @param geojson features with `properties.id`
 *  @returns one topology a level; each geometry's `id` is its tract */
export function outlinesOf(geojson: FeatureCollection): Record<Level, Outlines> {
  const shapes = geojson.features.filter(isShape);
  const flat = flatteningOf(shapes);
  const laid = shapes.map((shape) => laidFlat(shape, flat));
  const whole = topology({ tracts: { type: 'FeatureCollection', features: laid } as FeatureCollection }, 1e6);
  const weighed = presimplify(whole as Parameters<typeof presimplify>[0]);
  const width = widthOf(whole);
  return Object.fromEntries(
    LEVELS.map((level) => {
      const corner = width / CORNERS[level];
      const coarse = simplify(weighed, (corner * corner) / 2);
      return [level, { ...quantize(coarse, GRID[level]), flat }];
    }),
  ) as Record<Level, Outlines>;
}

type Shape = Feature<Polygon | MultiPolygon>;

function isShape(feature: Feature): feature is Shape {
  return feature.geometry?.type === 'Polygon' || feature.geometry?.type === 'MultiPolygon';
}

function laidFlat({ geometry, properties }: Shape, flat: Flat): Shape {
  const lay = ([x, y]: Position) => [(x > flat.cut ? x - 360 : x) * flat.squeeze, -y];
  const rings = (polygon: Position[][]) => polygon.map((ring) => ring.map(lay));
  return {
    type: 'Feature',
    id: String(properties?.id),
    properties: null,
    geometry:
      geometry.type === 'Polygon'
        ? { type: 'Polygon', coordinates: rings(geometry.coordinates) }
        : { type: 'MultiPolygon', coordinates: geometry.coordinates.map(rings) },
  };
}

/** A degree of longitude is as wide as one of latitude in the middle of the map; the map is cut where nobody lives. */
function flatteningOf(shapes: Shape[]): Flat {
  let [south, north] = [90, -90];
  const spans: [number, number][] = [];
  for (const ring of shapes.flatMap(({ geometry }) =>
    geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat(),
  )) {
    let [west, east] = [Infinity, -Infinity];
    for (const [x, y] of ring) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
    spans.push([west, east]);
  }
  return { squeeze: Math.cos((((south + north) / 2) * Math.PI) / 180), cut: cutOf(spans) };
}

/** @returns the middle of the widest empty stretch of longitudes, or more than 180 where that is the antimeridian */
function cutOf(spans: [number, number][]): number {
  const sorted = spans.toSorted((a, b) => a[0] - b[0]);
  if (sorted.length === 0) return 360;
  let [reach, widest, cut] = [sorted[0][1], -Infinity, 360];
  for (const [west, east] of sorted) {
    if (west - reach > widest && west > reach) {
      widest = west - reach;
      cut = (west + reach) / 2;
    }
    reach = Math.max(reach, east);
  }
  const around = sorted[0][0] + 360 - reach;
  return widest > around ? cut : 360;
}

function widthOf({ bbox }: Topology): number {
  if (!bbox) return 1;
  const [west, south, east, north] = bbox;
  return Math.max(east - west, north - south) || 1;
}
