import { type BlockTree, treeOver } from './block-tree.ts';
import type { PolygonIndex } from './polygon-index.ts';

export const RADIANS = Math.PI / 180;
/** Mean radius of WGS 84, the one that turf measures with. */
export const EARTH_KM = 6371.0088;

/** Edges longer than this (degrees) are cut: a border along a parallel is no great circle. Pieces are within 8 m of it. */
const PIECE_DEGREES = 0.25;
const SEGMENTS_PER_BLOCK = 8;

/** The borders of polygons as short chords of the unit sphere, in which distances need no trigonometry and neither the
 *  antimeridian nor a pole is special; over them a tree of boxes in space. Immutable. */
export interface Outline extends BlockTree {
  /** x, y, z a row, shape [vertices × 3]; each ring ends with its first vertex again */
  vertices: Float64Array;
  /** ring → its first vertex; one more entry than rings */
  firstVertex: Int32Array;
  /** block → part, its first segment's first vertex, number of segments; shape [blocks × 3], those of a part together */
  blocks: Int32Array;
  /** part → its first block; one more entry than parts */
  firstBlock: Int32Array;
  /** Square of `near` → a block, plus one, that was nearest to a point in it; 0 before any was asked. Where a search begins:
   *  what it finds does not depend on it. */
  guesses: Int32Array;
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
  const guesses = new Int32Array(index.near.nodes.length);
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
