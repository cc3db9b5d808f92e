import { distance } from '@turf/turf';
import type { Centre } from './places.ts';

const RADIANS = Math.PI / 180;
/** A cell reaches this many times as far as the two loneliest neighbours are apart. */
const REACH = 2;
/** Reach where that says nothing: one centre alone, or all of them in one town. */
const LEAST_REACH_KM = 100;
const KM_PER_DEGREE = 111.195;

/** Cells around given coordinates: every point belongs to the nearest centre, as far as cells reach. */
export interface Cells {
  tracts: string[];
  latitudes: Float64Array;
  longitudes: Float64Array;
  /** On the unit sphere, shape [centres × 3]. */
  vectors: Float64Array;
  /** Beyond this distance from every centre a point is outside: an ocean has no tract. */
  reachKm: number;
}

/** @returns null where no centre has coordinates */
export function cellsAround(centres: Centre[]): Cells | null {
  const placed = centres
    .filter((one): one is Required<Centre> => Number.isFinite(one.latitude) && Number.isFinite(one.longitude))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (placed.length === 0) return null;
  const cells: Cells = {
    tracts: placed.map(({ id }) => id),
    latitudes: Float64Array.from(placed, ({ latitude }) => latitude),
    longitudes: Float64Array.from(placed, ({ longitude }) => longitude),
    vectors: Float64Array.from(placed.flatMap(({ latitude, longitude }) => onSphere(latitude, longitude))),
    reachKm: LEAST_REACH_KM,
  };
  for (const [at, { latitude, longitude }] of placed.entries()) {
    const other = nearestTo(cells, latitude, longitude, at);
    if (other < 0) continue;
    cells.reachKm = Math.max(cells.reachKm, REACH * kilometres(cells, other, latitude, longitude));
  }
  return cells;
}

/** The nearest centre by great circle; of equally near ones the smallest id. */
export function cellAt(
  cells: Cells,
  latitude: number,
  longitude: number,
): { tract: string; distanceKm: number } {
  const nearest = nearestTo(cells, latitude, longitude);
  return { tract: cells.tracts[nearest], distanceKm: kilometres(cells, nearest, latitude, longitude) };
}

/** Centres within a distance. */
export function cellsWithin(
  cells: Cells,
  { latitude, longitude, radiusKm }: { latitude: number; longitude: number; radiusKm: number },
): { tract: string; distanceKm: number }[] {
  return cells.tracts
    .map((tract, centre) => ({ tract, distanceKm: kilometres(cells, centre, latitude, longitude) }))
    .filter(({ distanceKm }) => distanceKm <= radiusKm);
}

/** Degrees in which the cells lie, as far as they reach. */
export function boxOfCells({ latitudes, longitudes, reachKm }: Cells) {
  const reach = reachKm / KM_PER_DEGREE;
  const bounds = (values: Float64Array) =>
    values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const [[south, north], [west, east]] = [bounds(latitudes), bounds(longitudes)];
  return { west: west - reach, south: south - reach, east: east + reach, north: north + reach };
}

/** The largest scalar product is the smallest angle: no trigonometry per centre. */
function nearestTo({ vectors }: Cells, latitude: number, longitude: number, without = -1): number {
  const [x, y, z] = onSphere(latitude, longitude);
  let best = -Infinity;
  let nearest = -1;
  for (let at = 0, centre = 0; at < vectors.length; at += 3, centre++) {
    const near = vectors[at] * x + vectors[at + 1] * y + vectors[at + 2] * z;
    if (near > best && centre !== without) {
      best = near;
      nearest = centre;
    }
  }
  return nearest;
}

function kilometres(cells: Cells, centre: number, latitude: number, longitude: number): number {
  return distance([longitude, latitude], [cells.longitudes[centre], cells.latitudes[centre]], {
    units: 'kilometers',
  });
}

function onSphere(latitude: number, longitude: number): [number, number, number] {
  const flat = Math.cos(latitude * RADIANS);
  return [
    flat * Math.cos(longitude * RADIANS),
    flat * Math.sin(longitude * RADIANS),
    Math.sin(latitude * RADIANS),
  ];
}
