import type { Binned } from './bins.ts';

/** One tree; node 0 is the root, a leaf where feature < 0; the right child follows the left. */
export interface Tree {
  feature: number[];
  /** Left if bin ≤ this. */
  bin: number[];
  left: number[];
  missingLeft: number[];
  value: number[];
}

export interface GrowRequest {
  binned: Binned;
  /** Rows drawn for this tree; reordered in place. */
  rows: Int32Array;
  features: Int32Array;
  gradient: Float64Array;
  curvature: Float64Array;
  maxLeaves: number;
  minCurvature: number;
  minRows: number;
  lambda: number;
  rate: number;
}

interface Leaf {
  node: number;
  from: number;
  to: number;
  gradient: number;
  curvature: number;
  /** Sums per feature drawn and bin: gradient and curvature beside each other. */
  histogram: Float64Array;
  split: Split | null;
}

interface Split {
  gain: number;
  feature: number;
  bin: number;
  missingLeft: boolean;
}

const BINS = 256;

/** Grows a tree leaf by leaf, the most useful split first.
 *  @returns null where not even the root can be split */
export function growTree(request: GrowRequest): Tree | null {
  const tree: Tree = { feature: [], bin: [], left: [], missingLeft: [], value: [] };
  const root = makeLeaf(request, tree, 0, request.rows.length, null);
  const open = [root];
  const done: Leaf[] = [];
  if (root.split === null) return null;
  while (open.length > 0 && open.length + done.length < request.maxLeaves) {
    const leaf = takeBest(open);
    if (leaf.split === null) {
      done.push(leaf, ...open.splice(0));
      break;
    }
    for (const child of splitLeaf(request, tree, leaf)) (child.split === null ? done : open).push(child);
  }
  for (const leaf of [...open, ...done])
    tree.value[leaf.node] = (request.rate * leaf.gradient) / (leaf.curvature + request.lambda);
  return tree;
}

function takeBest(open: Leaf[]): Leaf {
  let best = 0;
  for (let i = 1; i < open.length; i++) if (gainOf(open[i]) > gainOf(open[best])) best = i;
  return open.splice(best, 1)[0];
}

function gainOf(leaf: Leaf): number {
  return leaf.split?.gain ?? -1;
}

function makeLeaf(
  request: GrowRequest,
  tree: Tree,
  from: number,
  to: number,
  histogram: Float64Array | null,
): Leaf {
  let gradient = 0;
  let curvature = 0;
  for (let i = from; i < to; i++) {
    gradient += request.gradient[request.rows[i]];
    curvature += request.curvature[request.rows[i]];
  }
  const sums = histogram ?? histogramOf(request, from, to);
  const leaf: Leaf = { node: addNode(tree), from, to, gradient, curvature, histogram: sums, split: null };
  if (to - from >= 2 * request.minRows) leaf.split = bestSplit(request, leaf);
  return leaf;
}

function addNode(tree: Tree): number {
  tree.feature.push(-1);
  tree.bin.push(0);
  tree.left.push(0);
  tree.missingLeft.push(0);
  tree.value.push(0);
  return tree.feature.length - 1;
}

function histogramOf(request: GrowRequest, from: number, to: number): Float64Array {
  const { rows, features, binned } = request;
  const n = to - from;
  const sums = new Float64Array(features.length * BINS * 2);
  // Gathered once, read once a feature: this loop is where the time of boosting goes.
  const gradient = new Float64Array(n);
  const curvature = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    gradient[i] = request.gradient[rows[from + i]];
    curvature[i] = request.curvature[rows[from + i]];
  }
  const chosen = rows.subarray(from, to);
  for (let f = 0; f < features.length; f++)
    addUp(
      binned.columns[features[f]],
      chosen,
      gradient,
      curvature,
      sums.subarray(f * BINS * 2, (f + 1) * BINS * 2),
    );
  return sums;
}

function addUp(
  bins: Uint8Array,
  rows: Int32Array,
  gradient: Float64Array,
  curvature: Float64Array,
  sums: Float64Array,
): void {
  for (let i = 0; i < rows.length; i++) {
    const at = bins[rows[i]] << 1;
    sums[at] += gradient[i];
    sums[at + 1] += curvature[i];
  }
}

/** Scans every cut of every feature, with what is unknown on the left and on the right. */
function bestSplit(request: GrowRequest, leaf: Leaf): Split | null {
  const { features, binned, lambda, minCurvature } = request;
  const whole = leaf.gradient ** 2 / (leaf.curvature + lambda);
  let best: Split | null = null;
  let bestGain = 1e-9;
  for (let f = 0; f < features.length; f++) {
    const feature = features[f];
    const count = binned.upper[feature].length;
    const base = f * BINS * 2;
    const missing = { gradient: leaf.histogram[base], curvature: leaf.histogram[base + 1] };
    for (const missingLeft of missing.curvature > 0 ? [false, true] : [false]) {
      let gradient = missingLeft ? missing.gradient : 0;
      let curvature = missingLeft ? missing.curvature : 0;
      for (let bin = 1; bin < count - (missingLeft || missing.curvature === 0 ? 1 : 0); bin++) {
        gradient += leaf.histogram[base + 2 * bin];
        curvature += leaf.histogram[base + 2 * bin + 1];
        const other = leaf.curvature - curvature;
        if (curvature < minCurvature) continue;
        if (other < minCurvature) break;
        const rest = leaf.gradient - gradient;
        const gain = gradient ** 2 / (curvature + lambda) + rest ** 2 / (other + lambda) - whole;
        if (gain > bestGain) {
          bestGain = gain;
          best = { gain, feature: f, bin, missingLeft };
        }
      }
    }
  }
  return best;
}

function splitLeaf(request: GrowRequest, tree: Tree, leaf: Leaf): Leaf[] {
  const split = leaf.split!;
  const feature = request.features[split.feature];
  const middle = partition(request, leaf, request.binned.columns[feature], split);
  // The smaller side is counted, the other is what remains of the parent.
  const leftIsSmall = middle - leaf.from <= leaf.to - middle;
  const small = leftIsSmall ? histogramOf(request, leaf.from, middle) : histogramOf(request, middle, leaf.to);
  const large = leaf.histogram;
  for (let i = 0; i < large.length; i++) large[i] -= small[i];
  tree.feature[leaf.node] = feature;
  tree.bin[leaf.node] = split.bin;
  tree.missingLeft[leaf.node] = split.missingLeft ? 1 : 0;
  tree.left[leaf.node] = tree.feature.length;
  const left = makeLeaf(request, tree, leaf.from, middle, leftIsSmall ? small : large);
  const right = makeLeaf(request, tree, middle, leaf.to, leftIsSmall ? large : small);
  return [left, right];
}

/** Moves the rows that go left to the front of the leaf's stretch, keeping their order. */
function partition(request: GrowRequest, leaf: Leaf, bins: Uint8Array, split: Split): number {
  const { rows } = request;
  const right = new Int32Array(leaf.to - leaf.from);
  let toLeft = leaf.from;
  let toRight = 0;
  for (let i = leaf.from; i < leaf.to; i++) {
    const row = rows[i];
    const bin = bins[row];
    if (bin === 0 ? split.missingLeft : bin <= split.bin) rows[toLeft++] = row;
    else right[toRight++] = row;
  }
  rows.set(right.subarray(0, toRight), toLeft);
  return toLeft;
}
