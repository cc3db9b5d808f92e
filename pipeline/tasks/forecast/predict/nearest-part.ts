import { distance } from '@turf/turf';
import type { PolygonIndex } from './polygon-index.ts';

const RADIANS = Math.PI / 180;
/** Radius that turf measures with, so that bounds and distances agree. */
const EARTH_KM = 6371.0088;

/**
 * The tract whose edge is nearest to a point outside all of them, by great circle.
 *
 * A first guess bounds the distance; only parts whose box is nearer than the best so far are measured edge by
 * edge. Edges are taken as great-circle arcs, which counties' short edges are to within metres.
 */
export function nearestPart(
  index: PolygonIndex,
  latitude: number,
  longitude: number,
): { tract: string; distanceKm: number } {
  const guess = index.nearby(longitude, latitude);
  let best = edgeDistance(index, guess, latitude, longitude);
  let tract = index.tractOf[guess];
  for (const part of around(index, { latitude, longitude, km: best })) {
    if (part === guess || boxDistance(index.boxes, part * 4, latitude, longitude) > best) continue;
    const reached = edgeDistance(index, part, latitude, longitude);
    if (reached < best || (reached === best && index.tractOf[part] < tract)) {
      best = reached;
      tract = index.tractOf[part];
    }
  }
  return { tract: index.tracts[tract], distanceKm: best };
}

/** Parts that may reach into a circle: those whose box touches the circle's own box of longitudes and latitudes. */
function around(
  index: PolygonIndex,
  { latitude, longitude, km }: { latitude: number; longitude: number; km: number },
): Set<number> {
  const radius = km / EARTH_KM + 1e-9;
  const [south, north] = [latitude - radius / RADIANS, latitude + radius / RADIANS];
  // A circle over a pole reaches every longitude.
  const half =
    south <= -90 || north >= 90
      ? 360
      : Math.asin(Math.min(1, Math.sin(radius) / Math.cos(latitude * RADIANS))) / RADIANS;
  const parts = new Set<number>();
  for (let turn = -360; turn <= 360; turn += 360) {
    const x = longitude + turn;
    for (const part of index.within(x - half, south, x + half, north)) parts.add(part);
  }
  return parts;
}

/** Kilometres to the nearest point of a box of longitudes and latitudes; 0 inside. */
function boxDistance(boxes: Float64Array, at: number, latitude: number, longitude: number): number {
  const [west, south, east, north] = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
  const eastwards = (((west - longitude) % 360) + 360) % 360; // to its western side
  const westwards = (((longitude - east) % 360) + 360) % 360; // to its eastern side
  // Between both sides the sum is the width short of a whole turn.
  if (eastwards + westwards > 360 || eastwards === 0 || westwards === 0 || east - west >= 360) {
    return Math.max(0, south - latitude, latitude - north) * RADIANS * EARTH_KM;
  }
  const turn = Math.min(eastwards, westwards) * RADIANS;
  // On a meridian the nearest latitude is that of the foot of the perpendicular.
  const foot =
    Math.cos(turn) > 0
      ? Math.atan(Math.tan(latitude * RADIANS) / Math.cos(turn)) / RADIANS
      : latitude >= 0
        ? 90
        : -90;
  return angle(latitude, Math.min(north, Math.max(south, foot)), turn) * EARTH_KM;
}

/** Angle between two points whose longitudes differ by `turn` (haversine, stable for small angles). */
function angle(latitude1: number, latitude2: number, turn: number): number {
  const across = Math.sin(((latitude2 - latitude1) * RADIANS) / 2) ** 2;
  const along = Math.cos(latitude1 * RADIANS) * Math.cos(latitude2 * RADIANS) * Math.sin(turn / 2) ** 2;
  return 2 * Math.asin(Math.sqrt(Math.min(1, across + along)));
}

function edgeDistance(index: PolygonIndex, part: number, latitude: number, longitude: number): number {
  const { edges, firstBin, firstEdge } = index;
  const from = firstEdge[firstBin[part]] * 4;
  const to = firstEdge[firstBin[part + 1]] * 4;
  const [px, py, pz] = onSphere(longitude, latitude);
  let nearest = Infinity;
  let foot: [number, number, number] = [0, 0, 1];
  for (let at = from; at < to; at += 4) {
    const [ax, ay, az] = onSphere(edges[at], edges[at + 1]);
    const [bx, by, bz] = onSphere(edges[at + 2], edges[at + 3]);
    const [dx, dy, dz] = [bx - ax, by - ay, bz - az];
    const length = dx * dx + dy * dy + dz * dz;
    const share = length > 0 ? ((px - ax) * dx + (py - ay) * dy + (pz - az) * dz) / length : 0;
    const t = Math.min(1, Math.max(0, share));
    const [x, y, z] = [ax + t * dx, ay + t * dy, az + t * dz];
    const squared = (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2;
    if (squared < nearest) {
      nearest = squared;
      foot = [x, y, z];
    }
  }
  const [x, y, z] = foot;
  const footLatitude = Math.atan2(z, Math.hypot(x, y)) / RADIANS;
  return distance([longitude, latitude], [Math.atan2(y, x) / RADIANS, footLatitude], { units: 'kilometers' });
}

function onSphere(longitude: number, latitude: number): [number, number, number] {
  const flat = Math.cos(latitude * RADIANS);
  return [
    flat * Math.cos(longitude * RADIANS),
    flat * Math.sin(longitude * RADIANS),
    Math.sin(latitude * RADIANS),
  ];
}
