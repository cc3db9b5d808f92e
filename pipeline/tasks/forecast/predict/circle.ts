import { cellsWithin } from './cells.ts';
import { circleOverlap } from './circle-overlap.ts';
import { borderDistance } from './nearest-part.ts';
import { EARTH_KM, onSphere, RADIANS } from './outline.ts';
import { type Coordinates, CoordinatesError, type Places } from './places.ts';
import { BORDER_DEGREES, OUTSIDE, type PolygonIndex, partsTouching, positionIn } from './polygon-index.ts';

/** Half way round the earth, rounded up: from there on a circle holds everything. */
export const FURTHEST_KM = 20_040;

/** A tract that lies in a circle, wholly or in part. */
export interface Within {
  tract: string;
  /** Part of the tract's area that lies in the circle, above 0 to 1. */
  share: number;
  /** From the circle's middle to the tract's nearest point; 0 where the middle lies in it. */
  distanceKm: number;
}

/**
 * The tracts in a circle on the sphere of mean radius (6371.0088 km; that is within 0.6 % of WGS 84's ellipsoid).
 *
 * With polygons each counts by the part of its own area that lies inside. Without them a tract is the point at its coordinates:
 * in or out. Sorted by distance, then by id.
 * @param circle.radiusKm above 0
 * @throws CoordinatesError for coordinates that are none, and where the model knows no places
 */
export function tractsWithin(places: Places, circle: Coordinates & { radiusKm: number }): Within[] {
  const { polygons, cells } = places;
  const found = polygons
    ? inPolygons(polygons, circle)
    : cells
      ? cellsWithin(cells, circle).map((one) => ({ ...one, share: 1 }))
      : null;
  if (!found) {
    throw new CoordinatesError(
      'no-places',
      'this model knows no places: its data has neither polygons nor coordinates',
      'give `places: { polygons, key }` in params.yaml',
    );
  }
  return found.sort((a, b) => a.distanceKm - b.distanceKm || (a.tract < b.tract ? -1 : 1));
}

function inPolygons(
  index: PolygonIndex,
  { latitude, longitude, radiusKm }: Coordinates & { radiusKm: number },
): Within[] {
  const radius = radiusKm / EARTH_KM;
  const overlap = circleOverlap(index, { latitude, longitude, radius });
  const point = onSphere(longitude, latitude);
  const byTract = new Map<number, { area: number; inside: number; distanceKm: number }>();
  for (const part of partsNear(index, { latitude, longitude, radius })) {
    const inside = overlap.inside(part);
    const tract = index.tractOf[part];
    let sum = byTract.get(tract);
    if (!sum) {
      sum = { area: overlap.areaOf(tract), inside: 0, distanceKm: Infinity };
      byTract.set(tract, sum);
    }
    sum.inside += inside;
    if (overlap.nearest(part) * EARTH_KM >= sum.distanceKm) continue;
    sum.distanceKm = holds(index, part, longitude, latitude)
      ? 0
      : Math.min(sum.distanceKm, borderDistance(index, part, point));
  }
  return [...byTract].flatMap(([tract, { area, inside, distanceKm }]) => {
    // What has no area, such as a line, is in or out.
    const share = area > 0 ? Math.min(1, inside / area) : Number(distanceKm <= radiusKm);
    return share > 0 ? [{ tract: index.tracts[tract], share, distanceKm }] : [];
  });
}

function holds(index: PolygonIndex, part: number, longitude: number, latitude: number): boolean {
  const [west, south, east, north] = index.boxes.subarray(part * 4, part * 4 + 4);
  if (latitude < south - BORDER_DEGREES || latitude > north + BORDER_DEGREES) return false;
  return [longitude - 360, longitude, longitude + 360].some(
    (x) =>
      x >= west - BORDER_DEGREES &&
      x <= east + BORDER_DEGREES &&
      positionIn(index, part, x, latitude) !== OUTSIDE,
  );
}

/** Parts that may reach into a circle: those whose box touches the circle's own box of longitudes and latitudes. */
function partsNear(
  index: PolygonIndex,
  { latitude, longitude, radius }: Coordinates & { radius: number },
): Iterable<number> {
  const reach = radius + 1e-9;
  const [south, north] = [latitude - reach / RADIANS, latitude + reach / RADIANS];
  // A circle over a pole reaches every longitude.
  if (south <= -90 || north >= 90) return partsTouching(index, { west: -1080, south, east: 1080, north });
  const half = Math.asin(Math.min(1, Math.sin(reach) / Math.cos(latitude * RADIANS))) / RADIANS;
  const parts = new Set<number>();
  for (let turn = -360; turn <= 360; turn += 360) {
    const x = longitude + turn;
    const box = { west: x - half, south, east: x + half, north };
    if (box.west > index.east || box.east < index.west) continue;
    for (const part of partsTouching(index, box)) parts.add(part);
  }
  return parts;
}
