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
}

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
  const { firstRing, firstPoint, points } = index;
  const vertices: number[] = [];
  const firstVertex = new Int32Array(firstPoint.length);
  for (let ring = 0; ring + 1 < firstPoint.length; ring++) {
    firstVertex[ring] = vertices.length / 3;
    const last = firstPoint[ring + 1] - 1;
    let [x1, y1] = [points[last * 2], points[last * 2 + 1]];
    vertices.push(...onSphere(x1, y1));
    for (let at = firstPoint[ring]; at <= last; at++) {
      const [x2, y2] = [points[at * 2], points[at * 2 + 1]];
      const pieces = Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) / PIECE_DEGREES);
      for (let piece = 1; piece < pieces; piece++) {
        const share = piece / pieces;
        vertices.push(...onSphere(x1 + share * (x2 - x1), y1 + share * (y2 - y1)));
      }
      if (pieces > 0) vertices.push(...onSphere(x2, y2));
      [x1, y1] = [x2, y2];
    }
  }
  firstVertex[firstPoint.length - 1] = vertices.length / 3;
  const flat = Float64Array.from(vertices);
  const { blocks, firstBlock } = blocksOf(firstRing, firstVertex);
  return { vertices: flat, firstVertex, blocks, firstBlock, ...treeOver(flat, blocks) };
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
function treeOver(vertices: Float64Array, blocks: Int32Array): { levels: Float64Array[]; order: Int32Array } {
  const count = blocks.length / 3;
  const own = new Float64Array(count * 6);
  const places = new Float64Array(count);
  for (let block = 0; block < count; block++) {
    const from = blocks[block * 3 + 1];
    emptyBox(own, block);
    for (let at = from; at <= from + blocks[block * 3 + 2]; at++) {
      for (let axis = 0; axis < 3; axis++) {
        const value = vertices[at * 3 + axis];
        own[block * 6 + axis] = Math.min(own[block * 6 + axis], value - DEPTH);
        own[block * 6 + 3 + axis] = Math.max(own[block * 6 + 3 + axis], value + DEPTH);
      }
    }
    const middle = (axis: number) => (own[block * 6 + axis] + own[block * 6 + 3 + axis]) / 2;
    places[block] = curve(middle(0), middle(1), middle(2));
  }
  const order = Int32Array.from({ length: count }, (_, block) => block).sort((a, b) => places[a] - places[b]);
  const leaves = new Float64Array(count * 6);
  for (const [at, block] of order.entries()) leaves.set(own.subarray(block * 6, block * 6 + 6), at * 6);
  const levels: Float64Array[] = [leaves];
  while (levels[levels.length - 1].length > 6) levels.push(parentsOf(levels[levels.length - 1]));
  return { levels, order };
}

function parentsOf(nodes: Float64Array<ArrayBufferLike>) {
  const parents = new Float64Array(Math.ceil(nodes.length / 6 / CHILDREN) * 6);
  for (let parent = 0; parent < parents.length / 6; parent++) emptyBox(parents, parent);
  for (let node = 0; node < nodes.length / 6; node++) {
    const to = Math.floor(node / CHILDREN) * 6;
    for (let axis = 0; axis < 3; axis++) {
      parents[to + axis] = Math.min(parents[to + axis], nodes[node * 6 + axis]);
      parents[to + 3 + axis] = Math.max(parents[to + 3 + axis], nodes[node * 6 + 3 + axis]);
    }
  }
  return parents;
}

function emptyBox(boxes: Float64Array, node: number): void {
  boxes.fill(Infinity, node * 6, node * 6 + 3);
  boxes.fill(-Infinity, node * 6 + 3, node * 6 + 6);
}

/** Place on Morton's curve, ten bits an axis. */
function curve(x: number, y: number, z: number): number {
  const bits = (value: number) => Math.min(1023, Math.max(0, Math.floor((value + 1) * 512)));
  const [a, b, c] = [bits(x), bits(y), bits(z)];
  let place = 0;
  for (let bit = 9; bit >= 0; bit--) {
    place = place * 8 + ((a >> bit) & 1) * 4 + ((b >> bit) & 1) * 2 + ((c >> bit) & 1);
  }
  return place;
}
