import { CorruptError } from '../../../contracts/errors.ts';

/** Boosted regression trees in flat arrays. Node i of the forest is a leaf where feature[i] < 0. */
export interface Forest {
  /** First node of each tree. */
  roots: Int32Array;
  feature: Int16Array;
  /** Left if value ≤ threshold. */
  threshold: Float32Array;
  /** Left child; the right one is the next node. */
  left: Int32Array;
  /** 1: unknown values go left. */
  missingLeft: Uint8Array;
  /** Of leaves: what to add, learning rate included. */
  value: Float32Array;
}

/** Sum of the leaves that a row of features falls into. */
export function predictForest(forest: Forest, row: Float32Array): number {
  const { roots, feature, threshold, left, missingLeft, value } = forest;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree++) {
    let node = roots[tree];
    while (feature[node] >= 0) {
      const seen = row[feature[node]];
      const goLeft = Number.isNaN(seen) ? missingLeft[node] === 1 : seen <= threshold[node];
      node = goLeft ? left[node] : left[node] + 1;
    }
    sum += value[node];
  }
  return sum;
}

/** Bytes of a forest: two counts, then its arrays one after the other, little-endian as every machine we run on. */
export function forestBytes(forest: Forest): Uint8Array {
  const { roots, feature, threshold, left, missingLeft, value } = forest;
  const counts = new Int32Array([roots.length, feature.length]);
  // Wide elements first, so that each array starts where its alignment allows.
  const parts = [counts, roots, threshold, left, value, feature, missingLeft];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return bytes;
}

/** @throws CorruptError if the bytes do not describe a forest */
export function forestFrom(source: Uint8Array): Forest {
  const bytes = Uint8Array.from(source); // a copy starts at an aligned address
  if (bytes.length < 8) throw new CorruptError(`a forest of ${bytes.length} bytes, expected at least 8`);
  const [trees, nodes] = new Int32Array(bytes.buffer, 0, 2);
  const expected = 8 + 4 * trees + 15 * nodes;
  if (trees < 0 || nodes < 0 || bytes.length !== expected)
    throw new CorruptError(`a forest of ${bytes.length} bytes, its header says ${expected}`);
  let at = 8;
  const take = (size: number, count: number) => {
    const from = at;
    at += size * count;
    return from;
  };
  const forest = {
    roots: new Int32Array(bytes.buffer, take(4, trees), trees),
    threshold: new Float32Array(bytes.buffer, take(4, nodes), nodes),
    left: new Int32Array(bytes.buffer, take(4, nodes), nodes),
    value: new Float32Array(bytes.buffer, take(4, nodes), nodes),
    feature: new Int16Array(bytes.buffer, take(2, nodes), nodes),
    missingLeft: new Uint8Array(bytes.buffer, take(1, nodes), nodes),
  };
  checkLinks(forest);
  return forest;
}

/** Children lie behind their parents, so a walk always ends. */
function checkLinks({ roots, feature, left }: Forest): void {
  for (const root of roots)
    if (root < 0 || root >= feature.length)
      throw new CorruptError(`a tree starts at node ${root} of ${feature.length}`);
  for (let node = 0; node < feature.length; node++) {
    if (feature[node] >= 0 && (left[node] <= node || left[node] + 1 >= feature.length))
      throw new CorruptError(`node ${node} of ${feature.length} points to ${left[node]}`);
  }
}
