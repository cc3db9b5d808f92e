/** How far a chord of an outline's longest piece lies below the ground, in radii. */
const DEPTH = 2.5e-6;
export const CHILDREN = 8;

/** Boxes in space, over blocks of an outline and over one another. */
export interface BlockTree {
  /** Leaves first, the root last; each node's least and greatest x, y, z, shape [nodes × 6] */
  levels: Float64Array[];
  /** leaf → block */
  order: Int32Array;
}

/** Neighbours on a curve through space share a box.
 *  @param vertices x, y, z a row, shape [vertices × 3]
 *  @param blocks part, first vertex, number of segments a row, shape [blocks × 3] */
export function treeOver(vertices: Float64Array, blocks: Int32Array): BlockTree {
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
