import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Binned, binColumns } from './bins.ts';
import { growTree, type Tree } from './grow-tree.ts';
import type { Forest } from './predict/trees-predict.ts';

export interface BoostingOptions {
  rounds: number;
  learningRate: number;
  maxLeaves: number;
  /** Smallest sum of weights in a leaf, as a share of all. */
  minLeafShare: number;
  minLeafRows: number;
  /** L2 penalty on leaves, in rows of mean weight. */
  lambda: number;
  /** Share of rows and of features drawn for each tree. */
  rowShare: number;
  featureShare: number;
  /** Rounds without progress on the held-out rows after which it stops; 0: no rows are held out. */
  patience: number;
  seed: number;
}

export interface Examples {
  /** One array a feature, all of the same length; NaN = unknown. */
  columns: Float32Array[];
  target: Float32Array;
  weight: Float32Array;
  /** Rows of the same group are held out together (a stretch of days): neighbours know each other's answers. */
  group: Int32Array;
}

/**
 * Gradient boosting with histograms (Ke et al. 2017, LightGBM) and a Huber loss that is nearly absolute: its
 * corner lies at half of the median residual and moves in as the fit gets better, and leaves take Newton steps with
 * iteratively reweighted curvature, so that they approach weighted medians.
 * @param onRound told before each round but the first what is left to learn: it is measured for the loss's corner anyhow
 */
export function fitForest(
  examples: Examples,
  options: BoostingOptions,
  onRound?: (medianResidual: number) => void,
): Forest {
  const random = xoroshiro128plus(options.seed | 0);
  const uniform = () => ((random.next() >>> 0) + 0.5) / 2 ** 32;
  const rows = examples.target.length;
  const binned = binColumns(examples.columns);
  const { learn, held } = split(examples, options, uniform);
  const state = {
    score: new Float64Array(rows),
    gradient: new Float64Array(rows),
    curvature: new Float64Array(rows),
  };
  const weight = meanOne(examples.weight, learn);
  const trees: Tree[] = [];
  let best = { loss: lossOf(held, state.score, examples, weight), trees: 0 };
  for (let round = 0; round < options.rounds; round++) {
    const residual = gradients(learn, state, examples.target, weight);
    if (round > 0) onRound?.(residual);
    const tree = growTree({
      binned,
      rows: drawRows(learn, options.rowShare, uniform),
      features: drawFeatures(binned.columns.length, options.featureShare, uniform),
      gradient: state.gradient,
      curvature: state.curvature,
      maxLeaves: options.maxLeaves,
      minCurvature: options.minLeafShare * learn.length * options.rowShare * 0.5,
      minRows: options.minLeafRows,
      lambda: options.lambda,
      rate: options.learningRate,
    });
    if (tree === null) break;
    trees.push(tree);
    addTree(tree, binned, state.score);
    if (options.patience === 0 || held.length === 0) continue;
    const loss = lossOf(held, state.score, examples, weight);
    if (loss < best.loss) best = { loss, trees: trees.length };
    else if (trees.length - best.trees >= options.patience) break;
  }
  return forestOf(options.patience > 0 && held.length > 0 ? trees.slice(0, best.trees) : trees, binned);
}

function split(examples: Examples, options: BoostingOptions, uniform: () => number) {
  const rows = examples.target.length;
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  if (options.patience === 0) return { learn: all, held: new Int32Array(0) };
  const out = new Map<number, boolean>();
  for (const group of examples.group) if (!out.has(group)) out.set(group, uniform() < 0.12);
  const held = all.filter((row) => out.get(examples.group[row]) === true);
  return { learn: all.filter((row) => out.get(examples.group[row]) !== true), held };
}

function meanOne(weight: Float32Array, learn: Int32Array): Float32Array {
  let sum = 0;
  for (const row of learn) sum += weight[row];
  const mean = sum > 0 ? sum / learn.length : 1;
  return weight.map((value) => value / mean);
}

function gradients(
  learn: Int32Array,
  state: { score: Float64Array; gradient: Float64Array; curvature: Float64Array },
  target: Float32Array,
  weight: Float32Array,
): number {
  const median = medianResidual(learn, state.score, target);
  const corner = 0.5 * median + 1e-9;
  for (let i = 0; i < learn.length; i++) {
    const row = learn[i];
    const residual = target[row] - state.score[row];
    const size = Math.abs(residual);
    const curvature = size <= corner ? weight[row] : (weight[row] * corner) / size;
    state.gradient[row] = residual * curvature;
    state.curvature[row] = curvature;
  }
  return median;
}

/** Of a spread sample: the corner needs no more. */
function medianResidual(learn: Int32Array, score: Float64Array, target: Float32Array): number {
  const every = Math.max(1, Math.floor(learn.length / 2000));
  const sizes: number[] = [];
  for (let i = 0; i < learn.length; i += every) sizes.push(Math.abs(target[learn[i]] - score[learn[i]]));
  return Float64Array.from(sizes).sort()[sizes.length >> 1] ?? 1;
}

function lossOf(rows: Int32Array, score: Float64Array, examples: Examples, weight: Float32Array): number {
  let loss = 0;
  for (const row of rows) loss += weight[row] * Math.abs(examples.target[row] - score[row]);
  return loss;
}

function drawRows(learn: Int32Array, share: number, uniform: () => number): Int32Array {
  if (share >= 1) return Int32Array.from(learn);
  const drawn = new Int32Array(learn.length);
  let n = 0;
  for (const row of learn) if (uniform() < share) drawn[n++] = row;
  return drawn.slice(0, n);
}

function drawFeatures(count: number, share: number, uniform: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, feature) => feature);
  const keep = Math.max(1, Math.round(count * share));
  for (let i = 0; i < keep; i++) {
    const other = i + Math.floor(uniform() * (count - i));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order.slice(0, keep).sort();
}

function addTree(tree: Tree, binned: Binned, score: Float64Array): void {
  const { feature, bin, left, missingLeft, value } = tree;
  for (let row = 0; row < score.length; row++) {
    let node = 0;
    while (feature[node] >= 0) {
      const seen = binned.columns[feature[node]][row];
      node = left[node] + ((seen === 0 ? missingLeft[node] === 1 : seen <= bin[node]) ? 0 : 1);
    }
    score[row] += value[node];
  }
}

function forestOf(trees: Tree[], binned: Binned): Forest {
  const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const forest: Forest = {
    roots: new Int32Array(trees.length),
    feature: new Int16Array(nodes),
    threshold: new Float32Array(nodes),
    left: new Int32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    value: new Float32Array(nodes),
  };
  let at = 0;
  trees.forEach((tree, index) => {
    forest.roots[index] = at;
    for (let node = 0; node < tree.feature.length; node++) {
      const feature = tree.feature[node];
      forest.feature[at + node] = feature;
      forest.value[at + node] = tree.value[node];
      if (feature < 0) continue;
      forest.threshold[at + node] = binned.upper[feature][tree.bin[node]];
      forest.left[at + node] = at + tree.left[node];
      forest.missingLeft[at + node] = tree.missingLeft[node];
    }
    at += tree.feature.length;
  });
  return forest;
}
