import { bbox, simplify } from '@turf/turf';
import type { Feature, FeatureCollection, MultiPolygon, Polygon, Position } from 'geojson';

/** Coordinates of a MultiPolygon. */
export type Rings = Position[][][];

/** Beyond it the outlines of a pull request's map would take longer to simplify than a reader waits. */
const MOST_POINTS = 2_000_000;

/** Outlines of tracts, as coarse as they are asked for. A border that two tracts share stays one line: it is made
 *  simpler once, between the corners where a third tract or the outside meets it.
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
  // A hole is another tract, which is drawn itself.
  const parts = areas.map(({ geometry }) => partsOf(geometry).map(([ring]) => ring));
  const points = parts.reduce((sum, rings) => sum + rings.reduce((more, { length }) => more + length, 0), 0);
  if (areas.length === 0 || points > MOST_POINTS) return () => new Map();
  const [west, south, east, north] = bbox({ type: 'FeatureCollection', features: areas });
  const extent = Math.max(east - west, north - south) || 1;
  const owners = ownersOf(parts);
  const made = new Map<number, Map<string, Rings>>();
  return (tolerance) => {
    const known = made.get(tolerance);
    if (known) return known;
    const line = simplerLine(extent * tolerance);
    const simple = new Map<string, Rings>();
    areas.forEach(({ properties }, area) => {
      const rings = large(parts[area], extent * tolerance).flatMap((ring) => line.ring(ring, owners));
      if (rings.length > 0)
        simple.set(
          String(properties?.id),
          rings.map((ring) => [ring]),
        );
    });
    made.set(tolerance, simple);
    return simple;
  };
}

/** Which tracts a point of an outline belongs to, as a text that two points share where they belong to the same. */
function ownersOf(parts: Position[][][]): Map<string, string> {
  const owners = new Map<string, string>();
  parts.forEach((rings, area) => {
    const seen = new Set(rings.flatMap((ring) => ring.map(keyOf)));
    for (const key of seen) owners.set(key, `${owners.get(key) ?? ''},${area}`);
  });
  return owners;
}

/** An islet smaller than a line is wide shows nothing; the largest part always stays. */
function large(rings: Position[][], tolerance: number): Position[][] {
  const sizes = rings.map(sizeOf);
  const largest = Math.max(...sizes);
  return rings.filter((_, i) => sizes[i] === largest || sizes[i] > 4 * tolerance);
}

function simplerLine(tolerance: number) {
  const precision = 10 ** Math.max(0, Math.min(6, Math.ceil(-Math.log10(tolerance))));
  const rounded = (line: Position[]) =>
    line.map(([x, y]) => [Math.round(x * precision) / precision, Math.round(y * precision) / precision]);
  const simpler = (line: Position[]) =>
    simplify({ type: 'LineString', coordinates: line }, { tolerance }).coordinates;

  /** The same points whichever of its two tracts asks. */
  function border(line: Position[]): Position[] {
    const turned = keyOf(line[0]) > keyOf(line[line.length - 1]);
    const simple = simpler(turned ? line.toReversed() : line);
    return turned ? simple.toReversed() : simple;
  }

  return {
    /** @returns the ring again; none where it holds no area */
    ring(ring: Position[], owners: Map<string, string>): [Position[]] | [] {
      const closed = ring.slice(0, -1);
      const of = closed.map((position) => owners.get(keyOf(position))!);
      const corners = closed.flatMap((_, i) => {
        const neighbours = [of.at(i - 1)!, of[(i + 1) % closed.length]];
        return neighbours.some((other) => other !== of[i] && other.length <= of[i].length) ? [i] : [];
      });
      const start = corners[0] ?? 0;
      const stops =
        corners.length > 1 ? corners : [start, (start + Math.floor(closed.length / 2)) % closed.length];
      const around = stops.flatMap((from, i) => {
        const to = stops[(i + 1) % stops.length];
        const length = (to - from + closed.length) % closed.length || closed.length;
        const line = Array.from({ length: length + 1 }, (_, k) => closed[(from + k) % closed.length]);
        return border(line).slice(0, -1);
      });
      const distinct = rounded(around).filter((at, i, all) => keyOf(at) !== keyOf(all.at(i - 1)!));
      return distinct.length >= 3 ? [[...distinct, distinct[0]]] : box(ring);
    },
  };
}

/** Of a tract smaller than the tolerance, just its extent is left. */
function box(ring: Position[]): [Position[]] | [] {
  const [west, south, east, north] = bbox({ type: 'LineString', coordinates: ring });
  if (!(east > west && north > south)) return [];
  const digits = Math.min(6, Math.ceil(1 - Math.log10(Math.min(east - west, north - south))));
  const short = (value: number) => Number(value.toFixed(Math.max(0, digits)));
  const [w, s, e, n] = [west, south, east, north].map(short);
  return [
    [
      [w, s],
      [e, s],
      [e, n],
      [w, n],
      [w, s],
    ],
  ];
}

function partsOf(geometry: Polygon | MultiPolygon): Rings {
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

function isArea({ geometry }: Feature): boolean {
  if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') return false;
  const parts = partsOf(geometry);
  return parts.length > 0 && parts.every(([ring]) => Array.isArray(ring) && isRing(ring));
}

function isRing(ring: Position[]): boolean {
  return ring.length >= 4 && ring.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
}

function sizeOf(ring: Position[]): number {
  const [west, south, east, north] = bbox({ type: 'LineString', coordinates: ring });
  return Math.max(east - west, north - south);
}

function keyOf([x, y]: Position): string {
  return `${x},${y}`;
}
