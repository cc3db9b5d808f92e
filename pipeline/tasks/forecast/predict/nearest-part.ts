import { CHILDREN } from './block-tree.ts';
import { EARTH_KM, type Outline, onSphere, outlineOf } from './outline.ts';
import type { PolygonIndex } from './polygon-index.ts';
import { squareAt } from './quadtree.ts';

/** Squares of distances that differ by less are the same to rounding: a tenth of a metre at a kilometre. */
const SAME = 1e-15;
/** Children of every level of the deepest tree: 8 ^ 10 blocks are more than memory holds. */
const DEEPEST = 10;

// One question is answered at a time, and its notes need no memory of their own.
const stackNode = new Int32Array(DEEPEST * CHILDREN);
const stackLevel = new Int32Array(DEEPEST * CHILDREN);
const stackSquared = new Float64Array(DEEPEST * CHILDREN);
const best = { squared: Infinity, tract: 0, block: 0, alike: false };

/** The tract whose border is nearest to a point outside all of them, by great circle; of equally near ones the smallest id. */
export function nearestPart(
  index: PolygonIndex,
  latitude: number,
  longitude: number,
): { tract: string; distanceKm: number } {
  const outline = outlineOf(index);
  const { guesses, blocks, vertices } = outline;
  const [px, py, pz] = onSphere(longitude, latitude);
  // What was nearest to the last point asked hereabouts bounds the search before it begins.
  const square = squareAt(index.near, longitude, latitude);
  best.block = Math.max(0, guesses[square] - 1);
  const guess = best.block * 3;
  best.squared = squaredTo(vertices, blocks[guess + 1], blocks[guess + 2], px, py, pz);
  best.tract = index.tractOf[blocks[guess]];
  best.alike = false;
  search(index, outline, px, py, pz, false);
  guesses[square] = best.block + 1;
  // Who is as near but for rounding can only be told once the least distance is known; it is seldom asked.
  if (best.alike) search(index, outline, px, py, pz, true);
  return { tract: index.tracts[best.tract], distanceKm: kilometres(best.squared) };
}

/** Goes down the tree of boxes, nearest first, and leaves out what cannot be nearer than the best so far.
 *  @param settled the least distance stands: only a smaller id as near as that is looked for */
function search(
  { tractOf }: PolygonIndex,
  { levels, order, blocks, vertices }: Outline,
  px: number,
  py: number,
  pz: number,
  settled: boolean,
): void {
  let { squared: least, tract, block: nearest, alike } = best;
  let depth = 1;
  stackNode[0] = 0;
  stackLevel[0] = levels.length - 1;
  stackSquared[0] = 0;
  while (depth > 0) {
    depth--;
    if (stackSquared[depth] > least + SAME) continue;
    const node = stackNode[depth];
    const level = stackLevel[depth] - 1;
    if (level >= 0) {
      const boxes = levels[level];
      const from = depth;
      const end = Math.min((node + 1) * CHILDREN, boxes.length / 6);
      for (let child = node * CHILDREN; child < end; child++) {
        const squared = squaredToBox(boxes, child * 6, px, py, pz);
        if (squared > least + SAME) continue;
        // The nearest child comes to lie on top.
        let at = depth++;
        for (; at > from && stackSquared[at - 1] < squared; at--) {
          stackNode[at] = stackNode[at - 1];
          stackLevel[at] = stackLevel[at - 1];
          stackSquared[at] = stackSquared[at - 1];
        }
        stackNode[at] = child;
        stackLevel[at] = level;
        stackSquared[at] = squared;
      }
      continue;
    }
    const block = order[node];
    const squared = squaredTo(vertices, blocks[block * 3 + 1], blocks[block * 3 + 2], px, py, pz);
    if (squared > least + SAME) continue;
    const of = tractOf[blocks[block * 3]];
    if (settled) {
      if (of < tract) tract = of;
    } else {
      alike ||= of !== tract && squared !== least && squared >= least - SAME;
      if (squared < least || (squared === least && of < tract)) {
        least = squared;
        tract = of;
        nearest = block;
      }
    }
  }
  best.squared = least;
  best.tract = tract;
  best.block = nearest;
  best.alike = alike;
}

/** Kilometres from a point of the sphere to the border of a part. */
export function borderDistance(
  index: PolygonIndex,
  part: number,
  [px, py, pz]: readonly [number, number, number],
): number {
  const { vertices, firstVertex } = outlineOf(index);
  let best = Infinity;
  for (let ring = index.firstRing[part]; ring < index.firstRing[part + 1]; ring++) {
    const from = firstVertex[ring];
    best = Math.min(best, squaredTo(vertices, from, firstVertex[ring + 1] - 1 - from, px, py, pz));
  }
  return kilometres(best);
}

const kilometres = (squaredChord: number) =>
  2 * Math.asin(Math.min(1, Math.sqrt(squaredChord) / 2)) * EARTH_KM;

/** Squared straight distance to the nearest point of `count` great-circle arcs in a row.
 *  @param from the first vertex */
function squaredTo(
  vertices: Float64Array,
  from: number,
  count: number,
  px: number,
  py: number,
  pz: number,
): number {
  let best = Infinity;
  let ax = vertices[from * 3];
  let ay = vertices[from * 3 + 1];
  let az = vertices[from * 3 + 2];
  for (let at = (from + 1) * 3; at <= (from + count) * 3; at += 3) {
    const bx = vertices[at];
    const by = vertices[at + 1];
    const bz = vertices[at + 2];
    const dx = bx - ax;
    const dy = by - ay;
    const dz = bz - az;
    const share = ((px - ax) * dx + (py - ay) * dy + (pz - az) * dz) / (dx * dx + dy * dy + dz * dz || 1);
    let x = ax;
    let y = ay;
    let z = az;
    if (share >= 1) {
      // The end itself, not its sum: neighbours that share it must be equally near.
      x = bx;
      y = by;
      z = bz;
    } else if (share > 0) {
      x += share * dx;
      y += share * dy;
      z += share * dz;
      const up = 1 / Math.sqrt(x * x + y * y + z * z); // from the chord to the ground
      x *= up;
      y *= up;
      z *= up;
    }
    const squared = (px - x) * (px - x) + (py - y) * (py - y) + (pz - z) * (pz - z);
    if (squared < best) best = squared;
    ax = bx;
    ay = by;
    az = bz;
  }
  return best;
}

function squaredToBox(boxes: Float64Array, at: number, px: number, py: number, pz: number): number {
  const dx = Math.max(0, boxes[at] - px, px - boxes[at + 3]);
  const dy = Math.max(0, boxes[at + 1] - py, py - boxes[at + 4]);
  const dz = Math.max(0, boxes[at + 2] - pz, pz - boxes[at + 5]);
  return dx * dx + dy * dy + dz * dz;
}
