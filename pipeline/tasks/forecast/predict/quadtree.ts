/** Squares a side that the box of everything is measured in, as a power of two. */
const BITS = 20;
const SQUARES = 2 ** BITS;
/** A square is cut into four by four. */
const [CUT_BITS, CHILDREN] = [2, 16];
/** Boxes that a square holds before it is cut: asked one after the other they cost less than another step down. */
const FEW = 8;
/** Children that a box touches on average, at most: beyond that a cut parts little. */
const WORTH = 10;
/** Places in lists for each box, at most: boxes that lie over one another would fill any number of squares. */
const LISTED_PER_BOX = 40;

/** Boxes by where they lie: squares that are cut on as long as many boxes touch them, however unevenly these lie. Immutable, and
 *  all of it numbers. */
export interface Quadtree {
  west: number;
  south: number;
  /** Squares in a degree. */
  acrossDegree: number;
  upDegree: number;
  /** node → its first child's place here, or, where it is not cut, the place of its list, as −1 − place */
  nodes: Int32Array;
  /** Each list is its length and that many boxes, in their order. */
  lists: Int32Array;
}

/** @param boxes west, south, east, north a row, shape [boxes × 4], at least one
 *  @param margin by which every box is made larger, degrees, above 0 */
export function quadtree(boxes: Float64Array, margin: number): Quadtree {
  const { west, south, east, north } = around(boxes, margin);
  const acrossDegree = SQUARES / (east - west);
  const upDegree = SQUARES / (north - south);
  const squares = new Int32Array(boxes.length);
  for (let at = 0; at < boxes.length; at += 4) {
    squares[at] = squareOf(boxes[at] - margin, west, acrossDegree);
    squares[at + 1] = squareOf(boxes[at + 1] - margin, south, upDegree);
    squares[at + 2] = squareOf(boxes[at + 2] + margin, west, acrossDegree);
    squares[at + 3] = squareOf(boxes[at + 3] + margin, south, upDegree);
  }
  return { west, south, acrossDegree, upDegree, ...cut(squares) };
}

/** The box that holds all of them.
 *  @param boxes as of `quadtree`
 *  @param margin as of `quadtree` */
export function around(
  boxes: Float64Array,
  margin: number,
): { west: number; south: number; east: number; north: number } {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < boxes.length; at += 4) {
    west = Math.min(west, boxes[at] - margin);
    south = Math.min(south, boxes[at + 1] - margin);
    east = Math.max(east, boxes[at + 2] + margin);
    north = Math.max(north, boxes[at + 3] + margin);
  }
  return { west, south, east, north };
}

/** Place in `lists` of the boxes that may hold a point: their number, then themselves. */
export function listAt(tree: Quadtree, x: number, y: number): number {
  return -1 - tree.nodes[squareAt(tree, x, y)];
}

/** The node of the uncut square that holds a point; of a point beyond, one at the edge. */
export function squareAt(tree: Quadtree, x: number, y: number): number {
  const { nodes } = tree;
  const across = squareOf(x, tree.west, tree.acrossDegree);
  const up = squareOf(y, tree.south, tree.upDegree);
  let node = 0;
  for (let side = BITS - CUT_BITS; nodes[node] >= 0; side -= CUT_BITS) {
    node = nodes[node] + (((up >> side) & 3) << CUT_BITS) + ((across >> side) & 3);
  }
  return node;
}

/** The same sum for boxes and points, so that rounding never parts a point from a box that holds it. */
function squareOf(degrees: number, from: number, inDegree: number): number {
  const square = (degrees - from) * inDegree;
  return square < 0 ? 0 : square < SQUARES ? Math.floor(square) : SQUARES - 1;
}

/** The widest squares are cut first, so that what may be listed is spread evenly. */
function cut(squares: Int32Array): Pick<Quadtree, 'nodes' | 'lists'> {
  const count = squares.length / 4;
  const lists = new Int32Array(LISTED_PER_BOX * count + 2);
  lists[1] = count; // place 0 is the list of every square that is empty
  for (let box = 0; box < count; box++) lists[2 + box] = box;
  let free = 2 + count;
  const nodes = [-2];
  // Of each node its south-western corner, and its side as a power of two.
  const [across, up, sides] = [[0], [0], [BITS]];
  // Of each box in a list the children that it touches, a bit each.
  const touched = new Uint16Array(count);
  for (let node = 0; node < nodes.length; node++) {
    const list = -1 - nodes[node];
    const length = lists[list];
    const side = sides[node] - CUT_BITS;
    if (length <= FEW || side < 0) continue;
    let listed = 0;
    for (let at = 0; at < length; at++) {
      const box = lists[list + 1 + at] * 4;
      const south = childAt(squares[box + 1], up[node], side);
      const north = childAt(squares[box + 3], up[node], side);
      const west = childAt(squares[box], across[node], side);
      const east = childAt(squares[box + 2], across[node], side);
      let children = 0;
      for (let y = south; y <= north; y++)
        for (let x = west; x <= east; x++) children |= 1 << ((y << CUT_BITS) + x);
      touched[at] = children;
      listed += (north - south + 1) * (east - west + 1);
    }
    if (listed > WORTH * length || free + listed + CHILDREN > lists.length) continue;
    nodes[node] = nodes.length;
    for (let child = 0; child < CHILDREN; child++) {
      let next = free + 1;
      for (let at = 0; at < length; at++)
        if ((touched[at] >> child) & 1) lists[next++] = lists[list + 1 + at];
      lists[free] = next - free - 1;
      nodes.push(lists[free] > 0 ? -1 - free : -1);
      across.push(across[node] + ((child & 3) << side));
      up.push(up[node] + ((child >> CUT_BITS) << side));
      sides.push(side);
      if (lists[free] > 0) free = next;
    }
  }
  return { nodes: Int32Array.from(nodes), lists: lists.slice(0, free) };
}

function childAt(square: number, from: number, side: number): number {
  const child = (square - from) >> side;
  return Math.max(0, Math.min(3, child));
}
