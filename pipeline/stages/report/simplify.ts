import { bbox, simplify, truncate } from '@turf/turf';
import type { Feature, FeatureCollection, MultiPolygon, Polygon, Position } from 'geojson';

/** Coordinates of a MultiPolygon. */
export type Rings = Position[][][];

/** Beyond it the outlines of a pull request's map would take longer to simplify than a reader waits. */
const MOST_POINTS = 3_000_000;

/** Outlines of tracts, as coarse as they are asked for.
 *  @param ids the tracts that are wanted; properties' `id`
 *  @returns a function of the tolerance, as a share of the whole map's extent: outlines by id, without holes; a tract
 *    whose outline is broken is left out */
export function outlines(
  places: FeatureCollection,
  ids: string[],
): (tolerance: number) => Map<string, Rings> {
  const wanted = new Set(ids);
  const areas = places.features.filter(
    (feature): feature is Feature<Polygon | MultiPolygon> =>
      wanted.has(String(feature.properties?.id)) && isArea(feature),
  );
  const points = areas.reduce((sum, { geometry }) => sum + partsOf(geometry).flat(2).length, 0);
  if (areas.length === 0 || points > MOST_POINTS) return () => new Map();
  const [west, south, east, north] = bbox({ type: 'FeatureCollection', features: areas });
  const extent = Math.max(east - west, north - south);
  const made = new Map<number, Map<string, Rings>>();
  return (tolerance) => {
    const known = made.get(tolerance);
    if (known) return known;
    const simple = new Map<string, Rings>();
    for (const area of areas) {
      const rings = simplified(area.geometry, extent * tolerance);
      if (rings.length > 0) simple.set(String(area.properties?.id), rings);
    }
    made.set(tolerance, simple);
    return simple;
  };
}

function simplified(geometry: Polygon | MultiPolygon, tolerance: number): Rings {
  // A hole is another tract, which is drawn itself; an islet smaller than a line is wide shows nothing.
  const outer = partsOf(geometry).map(([ring]) => [ring]);
  const sizes = outer.map(([ring]) => sizeOf(ring));
  const largest = Math.max(...sizes);
  const coordinates = outer.filter((_, i) => sizes[i] === largest || sizes[i] > 4 * tolerance);
  const precision = Math.max(0, Math.min(6, Math.ceil(-Math.log10(tolerance || 1e-6))));
  try {
    const simple = simplify({ type: 'MultiPolygon', coordinates } as MultiPolygon, { tolerance });
    const short = truncate(simple, { precision, coordinates: 2 }) as MultiPolygon;
    return short.coordinates.flatMap(([ring]) => {
      const distinct = ring.filter(([x, y], i) => i === 0 || x !== ring[i - 1][0] || y !== ring[i - 1][1]);
      return distinct.length >= 4 ? [[distinct]] : [];
    });
  } catch {
    return [];
  }
}

function partsOf(geometry: Polygon | MultiPolygon): Rings {
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

function isArea({ geometry }: Feature): boolean {
  if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') return false;
  const parts = partsOf(geometry);
  return (
    parts.length > 0 &&
    parts.every(
      ([ring]) =>
        Array.isArray(ring) &&
        ring.length >= 4 &&
        ring.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
    )
  );
}

function sizeOf(ring: Position[]): number {
  const [west, south, east, north] = bbox({ type: 'LineString', coordinates: ring });
  return Math.max(east - west, north - south);
}
