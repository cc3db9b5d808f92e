import { elementsOf } from './json-list.ts';
import { buildPlaces, type Places } from './places.ts';
import { type PolygonLists, polygonLists, searchable } from './polygon-index.ts';
import type { Turns } from './turns.ts';

/** Corners that are indexed at once: some tenths of a millisecond of work, unless one tract has more. */
const CORNERS = 300;

/** `buildPlaces` of a GeoJSON file, a few features at a time.
 *  @param bytes UTF-8
 *  @throws UsageError as `buildPlaces`; SyntaxError for what is no JSON */
export function* placesInTurns(bytes: Uint8Array, { key }: { key: string }): Turns<Places> {
  let lists: PolygonLists | null;
  try {
    lists = yield* joined(yield* listed(bytes, key));
  } catch {
    // The whole tells what is wrong with it, and is right where it is only written in an unusual way.
    return buildPlaces(JSON.parse(Buffer.from(bytes).toString('utf8')), { key });
  }
  if (lists) return { kind: 'polygons', polygons: searchable(lists), cells: null };
  return { kind: 'none', polygons: null, cells: null };
}

function* listed(bytes: Uint8Array, key: string): Turns<PolygonLists[]> {
  const made: PolygonLists[] = [];
  const features = elementsOf(bytes, 'features');
  let some: unknown[] = [];
  let corners = 0;
  for (let next = features.next(); !next.done; next = features.next()) {
    some.push(next.value);
    corners += cornersOf((next.value as { geometry?: { coordinates?: unknown } })?.geometry?.coordinates);
    if (corners < CORNERS) continue;
    take();
    yield;
  }
  take();
  return made;

  function take(): void {
    const lists = polygonLists({ features: some }, key);
    if (lists) made.push(lists);
    some = [];
    corners = 0;
  }
}

/** Points of the innermost lists. */
function cornersOf(coordinates: unknown): number {
  if (!Array.isArray(coordinates)) return 0;
  if (!Array.isArray(coordinates[0])) return 1;
  if (!Array.isArray(coordinates[0][0])) return coordinates.length;
  return coordinates.reduce((sum: number, inner) => sum + cornersOf(inner), 0);
}

/** Nothing in the lists reaches from one part to another but the order of ids.
 *  @returns null where there are none */
function* joined(all: PolygonLists[]): Turns<PolygonLists | null> {
  if (all.length === 0) return null;
  const tracts = [...new Set(all.flatMap((one) => one.tracts))].sort();
  const indexOf = new Map(tracts.map((tract, index) => [tract, index]));
  const sum = (of: (one: PolygonLists) => number) => all.reduce((total, one) => total + of(one), 0);
  const counts = {
    parts: sum((one) => one.tractOf.length),
    rings: sum((one) => one.firstPoint.length - 1),
    bins: sum((one) => one.firstEdge.length - 1),
  };
  const tractOf = new Int32Array(counts.parts);
  const boxes = new Float64Array(counts.parts * 4);
  const firstRing = new Int32Array(counts.parts + 1);
  const firstPoint = new Int32Array(counts.rings + 1);
  const points = new Float64Array(sum((one) => one.points.length));
  const firstBin = new Int32Array(counts.parts + 1);
  const firstEdge = new Int32Array(counts.bins + 1);
  const edges = new Float64Array(sum((one) => one.edges.length));
  const at = { part: 0, ring: 0, point: 0, bin: 0, edge: 0 };
  for (const one of all) {
    const ids = one.tracts.map((tract) => indexOf.get(tract)!);
    tractOf.set(
      one.tractOf.map((tract) => ids[tract]),
      at.part,
    );
    boxes.set(one.boxes, at.part * 4);
    put(firstRing, one.firstRing, { from: at.part, by: at.ring });
    put(firstPoint, one.firstPoint, { from: at.ring, by: at.point });
    put(firstBin, one.firstBin, { from: at.part, by: at.bin });
    put(firstEdge, one.firstEdge, { from: at.bin, by: at.edge });
    points.set(one.points, at.point * 2);
    edges.set(one.edges, at.edge * 4);
    at.part += one.tractOf.length;
    at.ring += one.firstPoint.length - 1;
    at.point += one.points.length / 2;
    at.bin += one.firstEdge.length - 1;
    at.edge += one.edges.length / 4;
    yield;
  }
  return {
    tracts,
    tractOf,
    boxes,
    firstRing,
    firstPoint,
    points,
    firstBin,
    firstEdge,
    edges,
  };
}

/** First entries of one index behind those of the ones before it; the last one is where the next index begins. */
function put(all: Int32Array, firsts: Int32Array, { from, by }: { from: number; by: number }): void {
  for (let at = 0; at < firsts.length; at++) all[from + at] = firsts[at] + by;
}
