import { booleanPointInPolygon, centroid } from '@turf/turf';
import type { Geometry, Position } from 'geojson';

const DIGITS = 6;

/** A point inside of a polygon, on no border of it: [longitude, latitude]. Null where none is found, as of a sliver. */
export function pointInside(geometry: Geometry): Position | null {
  if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') return null;
  const [largest] = (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates)
    .map(([outer]) => outer)
    .sort((one, other) => other.length - one.length);
  const middle = centroid({ type: 'Feature', properties: {}, geometry }).geometry.coordinates;
  for (const candidate of [middle, ...corners(largest)]) {
    const [longitude, latitude] = candidate.map((degrees) => Number(degrees.toFixed(DIGITS)));
    const point = { type: 'Point' as const, coordinates: [longitude, latitude] };
    if (booleanPointInPolygon(point, geometry, { ignoreBoundary: true })) return [longitude, latitude];
  }
  return null;
}

/** Middles of three corners in a row: every simple polygon has an ear, whose middle lies inside. */
function* corners(ring: Position[]): Generator<Position> {
  const count = ring.length - 1;
  for (let at = 0; at < count; at++) {
    const three = [ring[at], ring[(at + 1) % count], ring[(at + 2) % count]];
    yield [0, 1].map((axis) => three.reduce((sum, corner) => sum + corner[axis], 0) / 3);
  }
}
