import { UsageError } from '../../../contracts/errors.ts';

/** Longitude and latitude, degrees. */
export type Point = [number, number];
/** Without the point that repeats the first one. */
export type Ring = Point[];

/** A polygon with its holes. Longitudes go on beyond ±180 where it crosses the antimeridian, so that it is whole on the plane. */
export interface Part {
  tract: string;
  /** The outer ring first. */
  rings: Ring[];
}

/** Reads what GeoJSON (RFC 7946) allows, and what files do beside it: rings that are open, wound the wrong way, jump from 179 to
 *  −179 or go round a pole.
 *  @param key property that holds the tract id; the feature's own `id` stands in for a missing property "id"
 *  @throws UsageError for what has no such key, is no polygon, or is not in degrees */
export function partsOf(geojson: unknown, key: string): Part[] {
  return featuresOf(geojson).flatMap((feature, at) => {
    const id = feature?.properties?.[key] ?? (key === 'id' ? feature?.id : undefined);
    if (id === undefined || id === null || id === '') {
      const has = Object.keys(feature?.properties ?? {}).join(', ') || 'nothing';
      throw new UsageError(`feature ${at + 1} of the polygons has no property "${key}"; it has ${has}`, {
        hint: 'name the property that holds the tract id under `places: { key: … }`',
      });
    }
    const tract = String(id);
    return polygonsOf(feature.geometry, tract).flatMap((polygon) => {
      const [outer, ...holes] = list(polygon, tract).map((ring) => onePiece(ringOf(ring, tract)));
      if (!outer || outer.length < 3) return [];
      const real = holes.filter((hole) => hole.length >= 3);
      return [{ tract, rings: [outer, ...real.map((hole) => beside(hole, outer))] }];
    });
  });
}

interface GeometryLike {
  type?: string;
  coordinates?: unknown;
  geometries?: GeometryLike[];
}

interface FeatureLike {
  id?: string | number;
  properties?: Record<string, unknown> | null;
  geometry?: GeometryLike | null;
}

function featuresOf(geojson: unknown): FeatureLike[] {
  const { type, features } = (geojson ?? {}) as { type?: string; features?: FeatureLike[] };
  if (Array.isArray(features)) return features;
  if (type === 'Feature') return [geojson as FeatureLike];
  throw new UsageError('the polygons are no GeoJSON FeatureCollection: there is no list of features', {
    hint: 'give a FeatureCollection of Polygon or MultiPolygon features',
  });
}

/** A feature without a geometry is a tract without a place, which GeoJSON allows. */
function polygonsOf(geometry: GeometryLike | null | undefined, tract: string): unknown[] {
  if (!geometry) return [];
  const { type, coordinates, geometries } = geometry;
  if (type === 'MultiPolygon') return list(coordinates, tract);
  if (type === 'Polygon') return list(coordinates, tract).length > 0 ? [coordinates] : [];
  // A label's point beside the polygon is no place of its own.
  if (type === 'GeometryCollection' && Array.isArray(geometries)) {
    return geometries
      .filter((one) => one.type !== 'Point' && one.type !== 'MultiPoint')
      .flatMap((one) => polygonsOf(one, tract));
  }
  throw new UsageError(`feature ${tract} is a ${type}, expected a Polygon or MultiPolygon`);
}

function list(value: unknown, tract: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new UsageError(`the coordinates of polygon ${tract} are no list of rings`);
}

/** More than a rounding beyond a pole or two turns of the globe are no degrees. */
const [FURTHEST_NORTH, FURTHEST_EAST, ROUNDING] = [90, 540, 1e-6];

function ringOf(value: unknown, tract: string): Ring {
  const ring = list(value, tract).map((point): Point => {
    const given = list(point, tract) as number[];
    const x = given[0];
    const y = given[1];
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      throw new UsageError(`a point of polygon ${tract} is ${x}, ${y}: expected two numbers`);
    }
    if (Math.abs(y) > FURTHEST_NORTH + ROUNDING || Math.abs(x) > FURTHEST_EAST) {
      throw new UsageError(`a point of polygon ${tract} is ${x}, ${y}: expected degrees, longitude first`, {
        hint: 'GeoJSON is in degrees of WGS 84: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson',
      });
    }
    // Points are read and never written: most stay those of the file.
    return Math.abs(y) <= FURTHEST_NORTH ? (given as Point) : [x, Math.sign(y) * FURTHEST_NORTH];
  });
  const [first, last] = [ring[0], ring.at(-1)];
  return ring.length > 1 && first[0] === last![0] && first[1] === last![1] ? ring.slice(0, -1) : ring;
}

/** A ring that jumps from 179 to −179 goes on at 181: nothing a county long spans more than half the globe. Edges of
 *  exactly 360 may also be those of a map of the world, and then stay. */
function onePiece(ring: Ring): Ring {
  const jumpAfter = (at: number) => {
    const across = ring[at + 1 < ring.length ? at + 1 : 0][0] - ring[at][0];
    return Math.abs(across) > 180 ? Math.round(across / 360) * 360 : 0;
  };
  let whole = true;
  for (let at = 0; at < ring.length && whole; at++) whole = jumpAfter(at) === 0;
  if (whole) return ring;
  const jumps = ring.map((_, at) => jumpAfter(at));
  let turn = 0;
  const unwrapped = ring.map(([x, y], at): Point => {
    const point: Point = [x + turn, y];
    turn -= jumps[at];
    return point;
  });
  if (turn === 0) {
    const [west, , east] = boxOf([unwrapped]);
    return east > west ? unwrapped : ring; // a band around the globe, drawn as a map's rectangle
  }
  const alongPole = ring.some(([, y], at) => jumps[at] !== 0 && Math.abs(y) > FURTHEST_NORTH - 0.1);
  return alongPole ? ring : aroundPole(unwrapped, turn);
}

/** A ring that ends a turn from where it began goes round the pole that it is nearer to: it is cut at the antimeridian and closed
 *  along the pole, as maps draw Antarctica.
 *  @param turn degrees by which its end lies east of its beginning */
function aroundPole(ring: Ring, turn: number): Ring {
  const eastwards = Math.sign(turn) * 360;
  const pole = ring.reduce((sum, [, y]) => sum + y, 0) > 0 ? FURTHEST_NORTH : -FURTHEST_NORTH;
  const next = (at: number): Point =>
    at + 1 < ring.length ? ring[at + 1] : [ring[0][0] + eastwards, ring[0][1]];
  let cut = { after: -1, x: 0, y: -pole };
  for (const [at, [x1, y1]] of ring.entries()) {
    const [x2, y2] = next(at);
    for (let x = -900; x <= 900; x += 360) {
      if (x1 === x2 || x < Math.min(x1, x2) || x > Math.max(x1, x2)) continue;
      const y = y1 + ((x - x1) * (y2 - y1)) / (x2 - x1);
      // Of several crossings the one nearest to the pole: nothing of the ring lies beyond it.
      if (cut.after < 0 || Math.abs(pole - y) < Math.abs(pole - cut.y)) cut = { after: at, x, y };
    }
  }
  if (cut.after < 0) return ring;
  const shift = (eastwards > 0 ? -180 : 180) - cut.x;
  const rest = [
    ...ring.slice(cut.after + 1),
    ...ring.slice(0, cut.after + 1).map(([x, y]): Point => [x + eastwards, y]),
  ].map(([x, y]): Point => [x + shift, y]);
  const [from, to] = [cut.x + shift, cut.x + shift + eastwards];
  return [[from, cut.y], ...rest, [to, cut.y], [to, pole], [from, pole]];
}

/** A hole of an unwrapped ring, on the same turn of the globe as the ring. */
function beside(hole: Ring, outer: Ring): Ring {
  const [west, , east] = boxOf([outer]);
  const [holeWest, , holeEast] = boxOf([hole]);
  const turns = [0, 360, -360, 720, -720];
  const turn = turns.find((by) => holeWest + by >= west - ROUNDING && holeEast + by <= east + ROUNDING) ?? 0;
  return turn === 0 ? hole : hole.map(([x, y]): Point => [x + turn, y]);
}

/** @returns west, south, east, north */
export function boxOf(rings: Ring[]): [number, number, number, number] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at++) {
      const x = ring[at][0];
      const y = ring[at][1];
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < south) south = y;
      if (y > north) north = y;
    }
  }
  return [west, south, east, north];
}
