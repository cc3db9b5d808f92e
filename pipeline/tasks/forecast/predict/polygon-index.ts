import { boxOf, type Part, partsOf, type Ring } from './polygon-parts.ts';
import { around, type Quadtree, quadtree } from './quadtree.ts';

/** Degrees within which a point is on a border: a tenth of a millimetre, far above rounding and below any survey. */
export const BORDER_DEGREES = 1e-9;

export const OUTSIDE = 0;
export const INSIDE = 1;
export const BORDER = 2;
export type Position = typeof OUTSIDE | typeof INSIDE | typeof BORDER;

/** Edges that one bin holds on average: few enough to walk through, enough not to waste memory. */
const EDGES_PER_BIN = 6;
const MOST_BINS = 8192;
/** Bins that an edge reaches into on average, at most: edges that go to and fro over a whole part would fill every bin. */
const BINS_PER_EDGE = 3;

/** Polygons cut into parts (a polygon with its holes each), the edges of each part sorted into bands of latitude. Immutable, and
 *  plain data: it can be sent to another thread. */
export interface PolygonIndex {
  /** Ids in character order, so that a smaller index is a smaller id. */
  tracts: string[];
  /** part → index into `tracts` */
  tractOf: Int32Array;
  /** part → west, south, east, north, shape [parts × 4]; beyond ±180 where a part crosses the antimeridian */
  boxes: Float64Array;
  /** part → its first ring; one more entry than parts */
  firstRing: Int32Array;
  /** ring → its first point; one more entry than rings. The first ring of a part is the outer one. */
  firstPoint: Int32Array;
  /** x, y a row, shape [points × 2]; no ring repeats its first point */
  points: Float64Array;
  /** part → its first bin; one more entry than parts */
  firstBin: Int32Array;
  /** bin → its first edge; one more entry than bins */
  firstEdge: Int32Array;
  /** x1, y1, x2, y2 a row, shape [edges × 4]; an edge stands in every bin it reaches into */
  edges: Float64Array;
  west: number;
  south: number;
  east: number;
  north: number;
  /** The parts by where they lie. */
  near: Quadtree;
}

/** What an index holds of its parts one by one, before it can be searched. */
export type PolygonLists = Omit<PolygonIndex, 'west' | 'south' | 'east' | 'north' | 'near'>;

/** @returns null where the collection has no polygon
 *  @throws UsageError for what is no collection of polygons with that key */
export function polygonIndex(geojson: unknown, key: string): PolygonIndex | null {
  const lists = polygonLists(geojson, key);
  return lists && searchable(lists);
}

export function searchable(lists: PolygonLists): PolygonIndex {
  const { boxes } = lists;
  return { ...lists, ...around(boxes, BORDER_DEGREES), near: quadtree(boxes, 2 * BORDER_DEGREES) };
}

/** @returns and @throws as `polygonIndex` */
export function polygonLists(geojson: unknown, key: string): PolygonLists | null {
  const parts = partsOf(geojson, key);
  if (parts.length === 0) return null;
  const tracts = [...new Set(parts.map(({ tract }) => tract))].sort();
  const indexOf = new Map(tracts.map((tract, index) => [tract, index]));
  const boxes = new Float64Array(parts.length * 4);
  for (const [part, { rings }] of parts.entries()) boxes.set(boxOf(rings), part * 4);
  return {
    tracts,
    tractOf: Int32Array.from(parts, ({ tract }) => indexOf.get(tract)!),
    boxes,
    ...listed(parts),
    ...binned(parts, boxes),
  };
}

/** Parts whose box touches a box. */
export function partsTouching(
  { boxes }: PolygonIndex,
  { west, south, east, north }: { west: number; south: number; east: number; north: number },
): number[] {
  const parts: number[] = [];
  for (let at = 0; at < boxes.length; at += 4) {
    if (boxes[at] > east || boxes[at + 2] < west || boxes[at + 1] > north || boxes[at + 3] < south) continue;
    parts.push(at / 4);
  }
  return parts;
}

/** Ray casting, eastwards, over the edges in the point's band: an odd number of crossings is inside, holes
 *  included. Longitude and latitude are taken as plane coordinates, as GeoJSON (RFC 7946, 3.1.1) defines edges. */
export function positionIn(index: PolygonIndex, part: number, x: number, y: number): Position {
  const { boxes, firstBin, firstEdge, edges } = index;
  const bins = firstBin[part + 1] - firstBin[part];
  const bin = firstBin[part] + binAt(y, boxes[part * 4 + 1], boxes[part * 4 + 3], bins);
  const end = firstEdge[bin + 1] * 4;
  let inside = false;
  for (let at = firstEdge[bin] * 4; at < end; at += 4) {
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

/** Every ring one after the other. */
function listed(parts: Part[]): Pick<PolygonIndex, 'firstRing' | 'firstPoint' | 'points'> {
  const rings = parts.flatMap((part) => part.rings);
  const firstPoint = new Int32Array(rings.length + 1);
  for (let ring = 0; ring < rings.length; ring++)
    firstPoint[ring + 1] = firstPoint[ring] + rings[ring].length;
  const points = new Float64Array(firstPoint[rings.length] * 2);
  let at = 0;
  for (const ring of rings) {
    for (let point = 0; point < ring.length; point++) {
      points[at++] = ring[point][0];
      points[at++] = ring[point][1];
    }
  }
  const firstRing = new Int32Array(parts.length + 1);
  for (let part = 0; part < parts.length; part++)
    firstRing[part + 1] = firstRing[part] + parts[part].rings.length;
  return { firstRing, firstPoint, points };
}

/** Counted first, so that each edge is then put where it stays. */
function binned(parts: Part[], boxes: Float64Array): Pick<PolygonIndex, 'firstBin' | 'firstEdge' | 'edges'> {
  const firstBin = new Int32Array(parts.length + 1);
  for (const [part, { rings }] of parts.entries()) {
    const height = boxes[part * 4 + 3] - boxes[part * 4 + 1];
    firstBin[part + 1] = firstBin[part] + binsFor(rings, height);
  }
  const firstEdge = new Int32Array(firstBin[parts.length] + 1);
  eachEdge(parts, boxes, firstBin, (bin) => {
    firstEdge[bin + 1]++;
  });
  for (let bin = 1; bin < firstEdge.length; bin++) firstEdge[bin] += firstEdge[bin - 1];
  const edges = new Float64Array(firstEdge[firstEdge.length - 1] * 4);
  const next = firstEdge.slice();
  eachEdge(parts, boxes, firstBin, (bin, x1, y1, x2, y2) => {
    const at = next[bin]++ * 4;
    edges[at] = x1;
    edges[at + 1] = y1;
    edges[at + 2] = x2;
    edges[at + 3] = y2;
  });
  return { firstBin, firstEdge, edges };
}

function binsFor(rings: Ring[], height: number): number {
  let [count, climbed] = [0, 0];
  for (const ring of rings) {
    count += ring.length;
    for (let at = 1; at < ring.length; at++) climbed += Math.abs(ring[at][1] - ring[at - 1][1]);
  }
  const short = climbed > 0 ? (BINS_PER_EDGE * count * height) / climbed : 1;
  return Math.max(1, Math.min(MOST_BINS, Math.ceil(count / EDGES_PER_BIN), Math.floor(short)));
}

function eachEdge(
  parts: Part[],
  boxes: Float64Array,
  firstBin: Int32Array,
  put: (bin: number, x1: number, y1: number, x2: number, y2: number) => void,
): void {
  for (let part = 0; part < parts.length; part++) {
    const [south, north] = [boxes[part * 4 + 1], boxes[part * 4 + 3]];
    const first = firstBin[part];
    const bins = firstBin[part + 1] - first;
    for (const ring of parts[part].rings) eachEdgeOf(ring, { south, north, first, bins }, put);
  }
}

function eachEdgeOf(
  ring: Ring,
  { south, north, first, bins }: { south: number; north: number; first: number; bins: number },
  put: (bin: number, x1: number, y1: number, x2: number, y2: number) => void,
): void {
  let x1 = ring[ring.length - 1][0];
  let y1 = ring[ring.length - 1][1];
  for (let at = 0; at < ring.length; at++) {
    const x2 = ring[at][0];
    const y2 = ring[at][1];
    // A point that is repeated makes no edge.
    if (x1 !== x2 || y1 !== y2) {
      const lowest = binAt(Math.min(y1, y2) - BORDER_DEGREES, south, north, bins);
      const highest = binAt(Math.max(y1, y2) + BORDER_DEGREES, south, north, bins);
      for (let bin = lowest; bin <= highest; bin++) put(first + bin, x1, y1, x2, y2);
    }
    x1 = x2;
    y1 = y2;
  }
}
