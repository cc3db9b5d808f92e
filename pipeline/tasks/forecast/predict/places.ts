import { UsageError } from '../../../contracts/errors.ts';
import { boxOfCells, type Cells, cellAt, cellsAround } from './cells.ts';
import { nearestPart } from './nearest-part.ts';
import {
  BORDER,
  BORDER_DEGREES as NEAR,
  OUTSIDE,
  type PolygonIndex,
  polygonIndex,
  positionIn,
} from './polygon-index.ts';
import { listAt } from './quadtree.ts';

/** Degrees beyond everything there is. */
const FAR = 5;

export interface Coordinates {
  /** Degrees north, −90…90 (WGS 84). */
  latitude: number;
  /** Degrees east, −180…180. */
  longitude: number;
}

export interface Nearest {
  tract: string;
  distance_km: number;
}

/** How a tract was found: within its polygon, on the line between two, or in the cell around its coordinates. */
export type Located =
  | { tract: string; how: 'inside' | 'border' | 'cell' }
  /** `exchanged`: the tract that latitude and longitude would lie in, were they exchanged. */
  | { outside: true; nearest: Nearest; exchanged?: string };

export interface Centre {
  id: string;
  latitude?: number;
  longitude?: number;
}

/** Where the tracts are: polygons, or cells around their coordinates where there are none. */
export interface Places {
  kind: 'polygons' | 'cells' | 'none';
  polygons: PolygonIndex | null;
  cells: Cells | null;
}

/** Coordinates that cannot be meant as they stand; `reason` is for machines. */
export class CoordinatesError extends UsageError {
  readonly reason: 'not-a-number' | 'out-of-range' | 'swapped' | 'no-places';

  constructor(reason: CoordinatesError['reason'], message: string, hint: string) {
    super(message, { hint });
    this.reason = reason;
  }
}

/**
 * Prepares polygons for `locate`; some 3,100 counties take a tenth of a second.
 * @param geojson a FeatureCollection of Polygon and MultiPolygon features; features of the same key are one tract
 * @param options.key property that holds the tract id
 * @param options.centres coordinates of the tracts, for cells around them where the collection is empty
 * @throws UsageError for a feature without the key, or one that is no polygon
 */
export function buildPlaces(geojson: unknown, options: { key: string; centres?: Centre[] }): Places {
  const polygons = polygonIndex(geojson, options.key);
  if (polygons) return { kind: 'polygons', polygons, cells: null };
  const cells = cellsAround(options.centres ?? []);
  return { kind: cells ? 'cells' : 'none', polygons: null, cells };
}

/**
 * The tract of a point: the one function for training and serving.
 *
 * On a border the smallest id (in character order) of the touching tracts wins, and so it does where polygons
 * overlap. Outside everything the nearest tract and the distance to its edge are told; whether that is near enough
 * is the caller's to decide.
 * @throws CoordinatesError for numbers that are no coordinates, and for a point far from everything that would be
 *   inside a tract if latitude and longitude were exchanged
 */
export function locate(places: Places, { latitude, longitude }: Coordinates): Located {
  if (!possible(latitude, 90) || !possible(longitude, 180)) throw impossible(places, { latitude, longitude });
  const found = find(places, latitude, longitude);
  if (found) return found;
  if (places.kind === 'none') {
    throw new CoordinatesError(
      'no-places',
      'this model knows no places: its data has neither polygons nor coordinates',
      'ask by tract, or give `places: { polygons, key }` in params.yaml',
    );
  }
  const exchanged = whenExchanged(places, { latitude, longitude });
  if (exchanged !== null && isFarAway(places, { latitude, longitude })) {
    throw new CoordinatesError(
      'swapped',
      `latitude ${latitude}, longitude ${longitude} lies outside every tract; exchanged, it lies inside one`,
      `ask for latitude ${longitude}, longitude ${latitude}`,
    );
  }
  const outside = { outside: true as const, nearest: nearest(places, latitude, longitude) };
  return exchanged === null ? outside : { ...outside, exchanged };
}

/** @returns null outside of everything */
function find({ polygons, cells }: Places, latitude: number, longitude: number): Located | null {
  if (polygons) return inPolygons(polygons, latitude, longitude);
  if (!cells) return null;
  const cell = cellAt(cells, latitude, longitude);
  return cell.distanceKm <= cells.reachKm ? { tract: cell.tract, how: 'cell' } : null;
}

/** The same meridian has two names, and polygons across it go on beyond 180 or −180. */
function inPolygons(polygons: PolygonIndex, latitude: number, longitude: number): Located | null {
  const { boxes, near } = polygons;
  let smallest = polygons.tracts.length;
  let border = false;
  if (latitude < polygons.south || latitude > polygons.north) return null;
  for (let turn = -360; turn <= 360; turn += 360) {
    const x = longitude + turn;
    if (x < polygons.west || x > polygons.east) continue;
    const list = listAt(near, x, latitude);
    for (let at = list + near.lists[list]; at > list; at--) {
      const part = near.lists[at];
      const box = part * 4;
      if (x + NEAR < boxes[box] || x - NEAR > boxes[box + 2]) continue;
      if (latitude + NEAR < boxes[box + 1] || latitude - NEAR > boxes[box + 3]) continue;
      const position = positionIn(polygons, part, x, latitude);
      if (position === OUTSIDE) continue;
      border ||= position === BORDER;
      smallest = Math.min(smallest, polygons.tractOf[part]);
    }
  }
  if (smallest === polygons.tracts.length) return null;
  return { tract: polygons.tracts[smallest], how: border ? 'border' : 'inside' };
}

function nearest({ polygons, cells }: Places, latitude: number, longitude: number): Nearest {
  const { tract, distanceKm } = polygons
    ? nearestPart(polygons, latitude, longitude)
    : cellAt(cells!, latitude, longitude);
  return { tract, distance_km: Math.round(distanceKm * 1000) / 1000 };
}

const possible = (degrees: number, limit: number) => Math.abs(degrees) <= limit; // false for NaN

function whenExchanged(places: Places, { latitude, longitude }: Coordinates): string | null {
  if (!possible(longitude, 90) || !possible(latitude, 180)) return null;
  const found = find(places, longitude, latitude);
  return found && 'tract' in found ? found.tract : null;
}

/** Off the coast a point is meant as it stands, though its mirror image may lie on land: Lagos has its own at sea. */
function isFarAway({ polygons, cells }: Places, { latitude, longitude }: Coordinates): boolean {
  const box = polygons ?? boxOfCells(cells!);
  if (latitude < box.south - FAR || latitude > box.north + FAR) return true;
  return [-360, 0, 360].every((turn) => {
    const x = longitude + turn;
    return x < box.west - FAR || x > box.east + FAR;
  });
}

function impossible(places: Places, point: Coordinates): CoordinatesError {
  const wrong = possible(point.latitude, 90) ? 'longitude' : 'latitude';
  const limit = wrong === 'latitude' ? 90 : 180;
  const seen = `${wrong} is ${point[wrong]}, expected a number from −${limit} to ${limit}`;
  if (!Number.isFinite(point[wrong])) {
    return new CoordinatesError('not-a-number', seen, 'give decimal degrees, such as 45.4642');
  }
  if (whenExchanged(places, point) !== null) {
    return new CoordinatesError(
      'swapped',
      `${seen}; latitude and longitude look exchanged`,
      `ask for latitude ${point.longitude}, longitude ${point.latitude}`,
    );
  }
  return new CoordinatesError('out-of-range', seen, 'give decimal degrees (WGS 84), latitude first');
}
