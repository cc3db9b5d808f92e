import type { PolygonIndex } from './polygon-index.ts';

export const RADIANS = Math.PI / 180;
/** Mean radius of WGS 84, the one that turf measures with. */
export const EARTH_KM = 6371.0088;

/** Edges longer than this (degrees) are cut: a border along a parallel is no great circle. Pieces are within 8 m of it. */
const PIECE_DEGREES = 0.25;
/** How far a chord of that length lies below the ground, in radii. */
const DEPTH = 2.5e-6;
const SEGMENTS_PER_BLOCK = 8;
export const CHILDREN = 8;

/** The borders of polygons as short chords of the unit sphere, in which distances need no trigonometry and neither the
 *  antimeridian nor a pole is special; over them a tree of boxes in space. Immutable. */
export interface Outline {
  /** x, y, z a row, shape [vertices × 3]; each ring ends with its first vertex again */
  vertices: Float64Array;
  /** ring → its first vertex; one more entry than rings */
  firstVertex: Int32Array;
  /** block → part, its first segment's first vertex, number of segments; shape [blocks × 3], those of a part together */
  blocks: Int32Array;
  /** part → its first block; one more entry than parts */
  firstBlock: Int32Array;
  /** Levels of the tree, leaves first, the root last; each node's least and greatest x, y, z, shape [nodes × 6] */
  levels: Float64Array[];
  /** leaf → block */
  order: Int32Array;
  /** Square of the map → a block, plus one, that was nearest to a point in it; 0 before any was asked. Where a search begins:
   *  what it finds does not depend on it. */
  guesses: Int32Array;
}

/** Squares a side into which the map is cut for guesses. */
export const GUESSES = 128;

/** Made when it is first asked for: most points lie inside of a polygon and never need it. */
const outlines = new WeakMap<PolygonIndex, Outline>();

export function outlineOf(index: PolygonIndex): Outline {
  let outline = outlines.get(index);
  if (!outline) {
    outline = drawn(index);
    outlines.set(index, outline);
  }
  return outline;
}

/** On the unit sphere. */
export function onSphere(longitude: number, latitude: number): [number, number, number] {
  const flat = Math.cos(latitude * RADIANS);
  return [
    flat * Math.cos(longitude * RADIANS),
    flat * Math.sin(longitude * RADIANS),
    Math.sin(latitude * RADIANS),
  ];
}

function drawn(index: PolygonIndex): Outline {
  const firstVertex = firstVertices(index);
  const vertices = new Float64Array(firstVertex[firstVertex.length - 1] * 3);
  let at = 0;
  eachEdge(index, (x1, y1, x2, y2, pieces) => {
    for (let piece = 1; piece <= pieces; piece++) {
      const share = piece / pieces;
      // The end itself, not its sum: neighbours share it.
      const x = (piece < pieces ? x1 + share * (x2 - x1) : x2) * RADIANS;
      const y = (piece < pieces ? y1 + share * (y2 - y1) : y2) * RADIANS;
      const flat = Math.cos(y);
      vertices[at++] = flat * Math.cos(x);
      vertices[at++] = flat * Math.sin(x);
      vertices[at++] = Math.sin(y);
    }
  });
  const { blocks, firstBlock } = blocksOf(index.firstRing, firstVertex);
  const guesses = new Int32Array(GUESSES * GUESSES);
  return { vertices, firstVertex, blocks, firstBlock, ...treeOver(vertices, blocks), guesses };
}

function firstVertices(index: PolygonIndex): Int32Array {
  const first = new Int32Array(index.firstPoint.length);
  eachEdge(index, (_x1, _y1, _x2, _y2, pieces, ring) => {
    first[ring + 1] += pieces;
  });
  for (let ring = 1; ring < first.length; ring++) first[ring] += first[ring - 1];
  return first;
}

/** Of each ring first its first vertex, as an edge from the last one to itself, then its edges; edges without length are none. */
function eachEdge(
  { firstPoint, points }: PolygonIndex,
  put: (x1: number, y1: number, x2: number, y2: number, pieces: number, ring: number) => void,
): void {
  for (let ring = 0; ring + 1 < firstPoint.length; ring++) {
    const last = firstPoint[ring + 1] - 1;
    let x1 = points[last * 2];
    let y1 = points[last * 2 + 1];
    put(x1, y1, x1, y1, 1, ring);
    for (let at = firstPoint[ring]; at <= last; at++) {
      const x2 = points[at * 2];
      const y2 = points[at * 2 + 1];
      put(x1, y1, x2, y2, Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) / PIECE_DEGREES), ring);
      x1 = x2;
      y1 = y2;
    }
  }
}

function blocksOf(firstRing: Int32Array, firstVertex: Int32Array) {
  const blocks: number[] = [];
  const firstBlock = new Int32Array(firstRing.length);
  for (let part = 0; part + 1 < firstRing.length; part++) {
    firstBlock[part] = blocks.length / 3;
    for (let ring = firstRing[part]; ring < firstRing[part + 1]; ring++) {
      const last = firstVertex[ring + 1] - 1;
      for (let from = firstVertex[ring]; from < last || from === firstVertex[ring]; ) {
        const count = Math.min(SEGMENTS_PER_BLOCK, last - from);
        blocks.push(part, from, count);
        from += Math.max(1, count);
      }
    }
  }
  firstBlock[firstRing.length - 1] = blocks.length / 3;
  return { blocks: Int32Array.from(blocks), firstBlock };
}

/** Neighbours on a curve through space share a box. */
function treeOver(vertices: Float64Array, blocks: Int32Array): Pick<Outline, 'levels' | 'order'> {
  const count = blocks.length / 3;
  const boxes = new Float64Array(count * 6);
  for (let block = 0; block < count; block++) {
    const from = blocks[block * 3 + 1];
    coverVertices(boxes, block, vertices, from * 3, (from + blocks[block * 3 + 2]) * 3);
  }
  const order = alongCurve(boxes);
  const leaves = new Float64Array(count * 6);
  for (let at = 0; at < count; at++) {
    for (let side = 0; side < 6; side++) leaves[at * 6 + side] = boxes[order[at] * 6 + side];
  }
  const levels: Float64Array[] = [leaves];
  while (levels[levels.length - 1].length > 6) levels.push(parentsOf(levels[levels.length - 1]));
  return { levels, order };
}

/** @param from place of the first vertex, `last` that of the last one */
function coverVertices(
  boxes: Float64Array,
  block: number,
  vertices: Float64Array,
  from: number,
  last: number,
): void {
  let [x1, y1, z1, x2, y2, z2] = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
  for (let at = from; at <= last; at += 3) {
    const x = vertices[at];
    const y = vertices[at + 1];
    const z = vertices[at + 2];
    if (x < x1) x1 = x;
    if (x > x2) x2 = x;
    if (y < y1) y1 = y;
    if (y > y2) y2 = y;
    if (z < z1) z1 = z;
    if (z > z2) z2 = z;
  }
  const at = block * 6;
  boxes[at] = x1 - DEPTH;
  boxes[at + 1] = y1 - DEPTH;
  boxes[at + 2] = z1 - DEPTH;
  boxes[at + 3] = x2 + DEPTH;
  boxes[at + 4] = y2 + DEPTH;
  boxes[at + 5] = z2 + DEPTH;
}

function parentsOf(nodes: Float64Array): Float64Array {
  const parents = new Float64Array(Math.ceil(nodes.length / 6 / CHILDREN) * 6);
  for (let at = 0; at < parents.length; at += 6) {
    parents.fill(Infinity, at, at + 3);
    parents.fill(-Infinity, at + 3, at + 6);
  }
  for (let node = 0; node < nodes.length / 6; node++) {
    const to = Math.floor(node / CHILDREN) * 6;
    for (let axis = 0; axis < 3; axis++) {
      parents[to + axis] = Math.min(parents[to + axis], nodes[node * 6 + axis]);
      parents[to + 3 + axis] = Math.max(parents[to + 3 + axis], nodes[node * 6 + 3 + axis]);
    }
  }
  return parents;
}

/** Boxes by the place of their middles on Morton's curve through the box of all of them: sixteen bits an axis part a town's
 *  border even where the tracts span the globe. */
function alongCurve(boxes: Float64Array): Int32Array {
  const count = boxes.length / 6;
  const least = [Infinity, Infinity, Infinity];
  let most = 0;
  for (let axis = 0; axis < 3; axis++) {
    let greatest = -Infinity;
    for (let at = axis; at < boxes.length; at += 6) {
      least[axis] = Math.min(least[axis], boxes[at] + boxes[at + 3]);
      greatest = Math.max(greatest, boxes[at] + boxes[at + 3]);
    }
    most = Math.max(most, greatest - least[axis]);
  }
  const scale = most > 0 ? 65_535 / most : 0;
  // Forty-eight bits, sixteen a pass.
  const digits = [new Uint16Array(count), new Uint16Array(count), new Uint16Array(count)];
  for (let block = 0; block < count; block++) {
    const at = block * 6;
    const x = (boxes[at] + boxes[at + 3] - least[0]) * scale;
    const y = (boxes[at + 1] + boxes[at + 4] - least[1]) * scale;
    const z = (boxes[at + 2] + boxes[at + 5] - least[2]) * scale;
    const low = woven(x & 255, y & 255, z & 255);
    const high = woven(x >> 8, y >> 8, z >> 8);
    digits[0][block] = low;
    digits[1][block] = (low >> 16) | (high << 8);
    digits[2][block] = high >> 8;
  }
  let order = Int32Array.from({ length: count }, (_, block) => block);
  for (const digit of digits) order = sortedBy(digit, order);
  return order;
}

/** Bits of three bytes in turn. */
function woven(a: number, b: number, c: number): number {
  return (spread(a) << 2) | (spread(b) << 1) | spread(c);
}

/** A byte with two zeros between its bits. */
function spread(byte: number): number {
  let bits = (byte | (byte << 8)) & 0x00f00f;
  bits = (bits | (bits << 4)) & 0x0c30c3;
  return (bits | (bits << 2)) & 0x249249;
}

/** Stable: one pass of a radix sort. */
function sortedBy(digit: Uint16Array, order: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const next = new Int32Array(65_537);
  for (const value of digit) next[value + 1]++;
  for (let value = 1; value < next.length; value++) next[value] += next[value - 1];
  const sorted = new Int32Array(order.length);
  for (const block of order) sorted[next[digit[block]]++] = block;
  return sorted;
}
