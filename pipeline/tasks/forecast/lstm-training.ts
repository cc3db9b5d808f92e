import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Adam, adam } from './adam.ts';
import type { LstmExamples } from './lstm-examples.ts';
import type { LstmNetwork } from './lstm-network.ts';
import type { LstmSettings } from './lstm-settings.ts';
import { type LstmShape, weightCount, weightShapes, weightViews } from './predict/lstm-shape.ts';

export interface Parts {
  /** What is learnt while the newest cutoffs are kept aside. */
  before: LstmExamples;
  /** The newest cutoffs: they tell when to stop. */
  newest: LstmExamples;
  /** Everything, for the last steps. */
  all: LstmExamples;
}

export interface TrainTask extends Parts {
  network: LstmNetwork;
  shape: LstmShape;
  seed: number;
  /** Weights to go on from; absent: drawn. */
  start?: Float32Array;
  onProgress(share: number): void;
  signal?: AbortSignal;
}

export interface Trained {
  weights: Float32Array;
  /** Mean loss of the batches since the point before, one each `LOSS_EVERY` steps. */
  trainingLoss: number[];
  /** The same once the newest cutoffs are learnt too, from the best weights: it begins anew. */
  finishingLoss: number[];
  /** Loss on the newest cutoffs, of which the steps before had learnt nothing, one each `lookEvery` steps. */
  heldOutLoss: number[];
}

/** Steps between two points of the training loss. */
export const LOSS_EVERY = 15;

/** @returns null if the loss stopped being a number
 *  @throws the signal's reason between two batches */
export async function train(task: TrainTask, settings: LstmSettings): Promise<Trained | null> {
  const { network, shape, signal } = task;
  const generator = xoroshiro128plus(task.seed);
  const random = () => uniformFloat64(generator);
  const weights = task.start?.slice() ?? initialWeights(shape, random);
  const gradient = new Float32Array(weights.length);
  const keep = new Float32Array(settings.batch * shape.units);
  const schedule = scheduleOf(task, settings);
  const check = task.newest.batch(task.newest.draw(Math.min(1024, 4 * task.newest.count), random));

  // What an earlier fit knew is only left for something better.
  let best = {
    loss: task.start ? network.loss(weights, check) : Number.POSITIVE_INFINITY,
    weights: weights.slice() as Float32Array,
  };
  let looks = 0;
  const trainingLoss: number[] = [];
  const finishingLoss: number[] = [];
  const heldOutLoss: number[] = [];
  let since = { sum: 0, steps: 0, into: trainingLoss };
  const first = adam(weights.length, settings);
  for (let step = 0; step < schedule.steps && looks < settings.patience; step++) {
    if (!(await advance(step, task.before, first))) return null;
    if ((step + 1) % settings.lookEvery !== 0 && step + 1 < schedule.steps) continue;
    const mean = first.average();
    const loss = network.loss(mean, check);
    heldOutLoss.push(loss);
    looks = loss < best.loss ? 0 : looks + 1;
    if (loss < best.loss) best = { loss, weights: mean };
  }

  // Now the newest cutoffs are learnt too, from the best weights and slowly.
  weights.set(best.weights);
  since = { sum: 0, steps: 0, into: finishingLoss };
  const last = adam(weights.length, settings);
  for (let step = schedule.steps; step < schedule.total; step++) {
    if (!(await advance(step, task.all, last))) return null;
  }
  task.onProgress(1);
  const learnt = schedule.total > schedule.steps ? last.average() : best.weights;
  return { weights: learnt, trainingLoss, finishingLoss, heldOutLoss };

  async function advance(step: number, examples: LstmExamples, optimiser: Adam): Promise<boolean> {
    signal?.throwIfAborted();
    // TensorFlow's calls are synchronous: now and then signals and timers get their turn.
    if (step % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    const { dropout } = settings;
    for (let k = 0; k < keep.length; k++) keep[k] = random() < dropout ? 0 : 1 / (1 - dropout);
    const batch = examples.batch(examples.draw(settings.batch, random));
    const loss = network.gradient(weights, batch, keep, gradient);
    const norm = optimiser.step(weights, gradient, schedule.rate(step));
    task.onProgress(step / schedule.total);
    since.sum += loss;
    if (++since.steps === LOSS_EVERY) {
      since.into.push(since.sum / LOSS_EVERY);
      since.sum = since.steps = 0;
    }
    return Number.isFinite(loss) && Number.isFinite(norm);
  }
}

interface Schedule {
  /** Steps without the newest cutoffs, at most. */
  steps: number;
  /** With those that learn them too. */
  total: number;
  rate(step: number): number;
}

/** Cosine decay to a fiftieth after a short warm-up; half as fast where an earlier fit is gone on from. */
function scheduleOf({ start, before }: TrainTask, settings: LstmSettings): Schedule {
  const most = start ? settings.warmSteps : settings.steps;
  // A short series is not read a hundred times over.
  const steps = Math.min(most, Math.max(40, Math.ceil((40 * before.count) / settings.batch)));
  const total = Math.round(steps * (1 + settings.finish));
  const top = start ? settings.rate / 2 : settings.rate;
  return {
    steps,
    total,
    rate(step) {
      const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / total));
      return top * Math.min(1, (step + 1) / 20) * (0.02 + 0.98 * cosine);
    },
  };
}

/** Glorot's uniform for matrices, forget gates open, the rest zero. */
function initialWeights(shape: LstmShape, random: () => number): Float32Array {
  const flat = new Float32Array(weightCount(shape));
  const views = weightViews(shape, flat);
  for (const { name, shape: dimensions } of weightShapes(shape)) {
    const [rows, columns] = dimensions;
    if (columns === undefined || name === 'leadBias') continue;
    const limit = Math.sqrt(6 / (rows + columns));
    for (let k = 0; k < views[name].length; k++) views[name][k] = (2 * random() - 1) * limit;
  }
  views.bias.fill(1, shape.units, 2 * shape.units);
  return flat;
}
