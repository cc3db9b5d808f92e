import Flatbush from 'flatbush';
import { UsageError } from '../../../contracts/errors.ts';

/** Degrees within which a point is on a border: a tenth of a millimetre, far above rounding and below any survey. */
export const BORDER_DEGREES = 1e-9;

export const OUTSIDE = 0;
export const INSIDE = 1;
export const BORDER = 2;
export type Position = typeof OUTSIDE | typeof INSIDE | typeof BORDER;

/** Edges that one bin holds on average: few enough to walk through, enough not to waste memory. */
const EDGES_PER_BIN = 6;
const MOST_BINS = 512;

/** Polygons cut into parts (a polygon with its holes each), the edges of each part sorted into bands of latitude. */
export interface PolygonIndex {
  /** Ids in character order, so that a smaller index is a smaller id. */
  tracts: string[];
  /** part → index into `tracts` */
  tractOf: Int32Array;
  /** part → west, south, east, north, shape [parts × 4]; beyond ±180 where a part crosses the antimeridian */
  boxes: Float64Array;
  /** part → its first bin; one more entry than parts */
  firstBin: Int32Array;
  /** bin → its first edge; one more entry than bins */
  firstEdge: Int32Array;
  /** x1, y1, x2, y2 a row, shape [edges × 4]; an edge stands in every bin it reaches into */
  edges: Float64Array;
  west: number;
  east: number;
  /** Parts whose box touches a box. */
  within(west: number, south: number, east: number, north: number): number[];
  /** The part whose box is nearest to a point on the flat map: a good guess, no more. */
  nearby(x: number, y: number): number;
}

type Ring = number[][];

/** @returns null where the collection has no polygon
 *  @throws UsageError for what is no collection of polygons with that key */
export function polygonIndex(geojson: unknown, key: string): PolygonIndex | null {
  const parts = partsOf(geojson, key);
  if (parts.length === 0) return null;
  const tracts = [...new Set(parts.map(({ tract }) => tract))].sort();
  const indexOf = new Map(tracts.map((tract, index) => [tract, index]));
  const boxes = new Float64Array(parts.length * 4);
  const firstBin = new Int32Array(parts.length + 1);
  const firstEdge: number[] = [];
  const edges: number[] = [];
  const bushes = new Flatbush(parts.length);
  for (const [part, { rings }] of parts.entries()) {
    const box = boxOf(rings);
    boxes.set(box, part * 4);
    bushes.add(box[0], box[1], box[2], box[3]);
    for (const bin of binned(rings, box)) {
      firstEdge.push(edges.length / 4);
      for (const value of bin) edges.push(value);
    }
    firstBin[part + 1] = firstEdge.length;
  }
  firstEdge.push(edges.length / 4);
  bushes.finish();
  return {
    tracts,
    tractOf: Int32Array.from(parts, ({ tract }) => indexOf.get(tract)!),
    boxes,
    firstBin,
    firstEdge: Int32Array.from(firstEdge),
    edges: Float64Array.from(edges),
    west: bushes.minX - BORDER_DEGREES,
    east: bushes.maxX + BORDER_DEGREES,
    within: (west, south, east, north) => bushes.search(west, south, east, north),
    nearby: (x, y) => bushes.neighbors(x, y, 1)[0],
  };
}

/** Ray casting, eastwards, over the edges in the point's band: an odd number of crossings is inside, holes
 *  included. Longitude and latitude are taken as plane coordinates, as GeoJSON (RFC 7946, 3.1.1) defines edges. */
export function positionIn(index: PolygonIndex, part: number, x: number, y: number): Position {
  const { boxes, firstBin, firstEdge, edges } = index;
  const bins = firstBin[part + 1] - firstBin[part];
  const bin = firstBin[part] + binAt(y, boxes[part * 4 + 1], boxes[part * 4 + 3], bins);
  let inside = false;
  for (let at = firstEdge[bin] * 4; at < firstEdge[bin + 1] * 4; at += 4) {
    const x1 = edges[at];
    const y1 = edges[at + 1];
    const x2 = edges[at + 2];
    const y2 = edges[at + 3];
    if (touches(x, y, x1, y1, x2, y2)) return BORDER;
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) inside = !inside;
  }
  return inside ? INSIDE : OUTSIDE;
}

function touches(x: number, y: number, x1: number, y1: number, x2: number, y2: number): boolean {
  if (x < Math.min(x1, x2) - BORDER_DEGREES || x > Math.max(x1, x2) + BORDER_DEGREES) return false;
  if (y < Math.min(y1, y2) - BORDER_DEGREES || y > Math.max(y1, y2) + BORDER_DEGREES) return false;
  const dx = x2 - x1;
  const dy = y2 - y1;
  const cross = dx * (y - y1) - dy * (x - x1); // distance to the line, times the edge's length
  return cross * cross <= BORDER_DEGREES * BORDER_DEGREES * (dx * dx + dy * dy);
}

function binAt(y: number, south: number, north: number, bins: number): number {
  const bin = Math.floor(((y - south) / (north - south || 1)) * bins);
  return Math.max(0, Math.min(bins - 1, bin));
}

function binned(rings: Ring[], [, south, , north]: number[]): number[][] {
  const count = rings.reduce((sum, ring) => sum + ring.length, 0);
  const bins: number[][] = Array.from(
    { length: Math.min(MOST_BINS, Math.max(1, Math.ceil(count / EDGES_PER_BIN))) },
    () => [],
  );
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at++) {
      const [x1, y1] = ring[at];
      const [x2, y2] = ring[(at + 1) % ring.length];
      if (x1 === x2 && y1 === y2) continue; // the ring's closing point
      const first = binAt(Math.min(y1, y2) - BORDER_DEGREES, south, north, bins.length);
      const last = binAt(Math.max(y1, y2) + BORDER_DEGREES, south, north, bins.length);
      for (let bin = first; bin <= last; bin++) bins[bin].push(x1, y1, x2, y2);
    }
  }
  return bins;
}

function boxOf(rings: Ring[]): [number, number, number, number] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (const [x, y] of ring) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  }
  return [west, south, east, north];
}

interface FeatureLike {
  properties?: Record<string, unknown> | null;
  geometry?: { type?: string; coordinates?: unknown } | null;
}

function partsOf(geojson: unknown, key: string): { tract: string; rings: Ring[] }[] {
  const features = (geojson as { features?: FeatureLike[] } | null)?.features;
  if (!Array.isArray(features)) {
    throw new UsageError('the polygons are no GeoJSON FeatureCollection: there is no list of features', {
      hint: 'give a FeatureCollection of Polygon or MultiPolygon features',
    });
  }
  return features.flatMap((feature, at) => {
    const id = feature.properties?.[key];
    if (id === undefined || id === null || id === '') {
      const has = Object.keys(feature.properties ?? {}).join(', ') || 'nothing';
      throw new UsageError(`feature ${at + 1} of the polygons has no property "${key}"; it has ${has}`, {
        hint: 'name the property that holds the tract id under `places: { key: … }`',
      });
    }
    if (!feature.geometry) return []; // a tract without a place, which GeoJSON allows
    const { type, coordinates } = feature.geometry;
    const polygons =
      type === 'MultiPolygon'
        ? (coordinates as Ring[][])
        : type === 'Polygon'
          ? [coordinates as Ring[]]
          : null;
    if (!polygons) {
      throw new UsageError(`feature ${String(id)} is a ${type}, expected a Polygon or MultiPolygon`);
    }
    return polygons.flatMap((rings) => {
      const [outer, ...holes] = rings.map((ring) => unwrapped(ring, String(id)));
      if (!outer || outer.length < 3) return [];
      return [{ tract: String(id), rings: [outer, ...holes.map((hole) => beside(hole, outer))] }];
    });
  });
}

/** A ring that jumps from 179 to −179 goes on at 181: nothing a county long spans more than half the globe. An edge
 *  of exactly 360 is the edge of a map of the world, and stays. */
function unwrapped(ring: Ring, tract: string): Ring {
  let turn = 0;
  return ring.map(([x, y], at) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      throw new UsageError(`a point of polygon ${tract} is ${x}, ${y}: expected two numbers`);
    }
    if (at > 0) {
      const jump = x - ring[at - 1][0];
      if (jump > 180 && jump < 360) turn -= 360;
      else if (jump < -180 && jump > -360) turn += 360;
    }
    return [x + turn, y];
  });
}

/** A hole of an unwrapped ring, on the same turn of the globe as the ring. */
function beside(hole: Ring, outer: Ring): Ring {
  const [west, , east] = boxOf([outer]);
  const [holeWest, , holeEast] = boxOf([hole]);
  const turn = [0, 360, -360].find((by) => holeWest + by >= west && holeEast + by <= east) ?? 0;
  return turn === 0 ? hole : hole.map(([x, y]) => [x + turn, y]);
}
