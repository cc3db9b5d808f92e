import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { PerennialError } from '../../contracts/errors.ts';
import { adam } from './adam.ts';
import type { Candidate, FitRequest } from './candidate.ts';
import { bestBases, type LstmExamples, lstmExamples } from './lstm-examples.ts';
import { type LstmNetwork, lstmNetwork } from './lstm-network.ts';
import { LSTM_SETTINGS, type LstmSettings } from './lstm-settings.ts';
import { halfLifeOf, shapeFor } from './lstm-shape-for.ts';
import type { Fitted, Known } from './predict/fitted.ts';
import { LSTM, type LstmFitted, type LstmState, loadLstm, lstmFitted } from './predict/lstm-fitted.ts';
import { type LstmSeries, lstmSeries, spreads } from './predict/lstm-inputs.ts';
import { type LstmShape, weightCount, weightShapes, weightViews } from './predict/lstm-shape.ts';
import { findSeason } from './predict/season.ts';
import { loadTensorFlow } from './tensorflow.ts';

/** The loss was not a number twice, the second time at a quarter of the rate: the run goes on without the LSTM. */
export class DivergedError extends PerennialError {}
/** Too little of the series is known to learn anything from. */
export class TooShortError extends PerennialError {}

export const lstm: Candidate = lstmCandidate(LSTM_SETTINGS);

/** One LSTM over all tracts that answers every lead at once. The same seed gives the same weights, bit for bit. */
export function lstmCandidate(settings: LstmSettings): Candidate {
  return {
    name: LSTM,
    isBaseline: false,
    fit: (request) => fitLstm(request, settings),
    load: loadLstm,
  };
}

async function fitLstm(request: FitRequest, settings: LstmSettings): Promise<LstmFitted> {
  const { known, seed, signal } = request;
  const previous = goOnFrom(request);
  const { series, spread } = previous ? seriesLike(previous, known) : seriesAnew(request, settings);
  const parts = split(series, known, settings);
  const tensorflow = await loadTensorFlow();
  const network = lstmNetwork(tensorflow, series.shape, settings.huber);
  const count = previous?.networks.length ?? settings.networks;
  const networks: Float32Array[] = [];
  for (let k = 0; k < count; k++) {
    const onProgress = (share: number) => request.onProgress?.((k + share) / count);
    const task = {
      network,
      series,
      ...parts,
      seed: seed + 7919 * k,
      start: previous?.networks[k],
      onProgress,
      signal,
    };
    networks.push((await train(task, settings)) ?? (await train(task, slower(settings))) ?? fail());
  }
  return lstmFitted({ shape: series.shape, networks, spread });
}

function fail(): never {
  throw new DivergedError('the training of the LSTM diverged twice: its loss was not a number', {
    hint: 'look for values far outside of the usual in the newest data; the other candidates are not touched',
  });
}

const slower = (settings: LstmSettings): LstmSettings => ({ ...settings, rate: settings.rate / 4 });

/** An earlier fit of the same kind; null where it cannot be gone on from. */
function goOnFrom({ previous, maxLead, known }: FitRequest): LstmState | null {
  const state = (previous as Partial<LstmFitted> & Fitted)?.state;
  if (previous?.name !== LSTM || !state) return null;
  return state.shape.maxLead === maxLead && state.shape.scale === known.panel.scale ? state : null;
}

function seriesLike(state: LstmState, known: Known) {
  const measured = spreads(known, state.shape);
  const spread = measured.map((own, tract) => state.spread[known.panel.tracts[tract].id] ?? own);
  return { series: lstmSeries(known, state.shape, spread), spread: byTract(known, spread) };
}

function seriesAnew({ known, maxLead }: FitRequest, settings: LstmSettings) {
  const { panel, last } = known;
  const { step, scale, tracts } = panel;
  const season = findSeason({
    values: known.values,
    tracts: tracts.length,
    length: panel.length,
    step,
    scale,
  });
  const shape = shapeFor({ step, season, length: last + 1, maxLead, scale }, settings);
  const spread = spreads(known, shape);
  const growth: LstmShape = { ...shape, base: new Array<'growth'>(maxLead).fill('growth') };
  const series = lstmSeries(known, growth, spread);
  series.shape = { ...shape, base: bestBases(series, { from: firstEnd(series), to: last }) };
  return { series, spread: byTract(known, spread) };
}

function byTract({ panel }: Known, spread: Float64Array): Record<string, number> {
  if (panel.scale === 'count') return {};
  return Object.fromEntries(panel.tracts.map(({ id }, tract) => [id, spread[tract]]));
}

const firstEnd = ({ shape, last }: LstmSeries): number => Math.min(2 * shape.season, Math.floor(last / 4));

interface Parts {
  /** What is learnt while the newest cutoffs are kept aside. */
  before: LstmExamples;
  /** The newest cutoffs: they tell when to stop. */
  newest: LstmExamples;
  /** Everything, for the last steps. */
  all: LstmExamples;
}

function split(series: LstmSeries, known: Known, settings: LstmSettings): Parts {
  const { last, shape } = series;
  const from = firstEnd(series);
  const kept = Math.min(
    Math.floor(last / 6),
    Math.max(settings.holdout * Math.max(7, shape.maxLead), Math.floor(last / 40)),
  );
  const boundary = last - kept;
  const weights = {
    halfLife: halfLifeOf(known.panel.step, settings.halfLife),
    levelPower: settings.levelPower,
  };
  const parts = {
    before: lstmExamples(series, { from, to: boundary - 1, until: boundary, ...weights }),
    newest: lstmExamples(series, { from: boundary, to: last - 1, until: last, ...weights }),
    all: lstmExamples(series, { from, to: last - 1, until: last, ...weights }),
  };
  if (parts.before.count < 20 || parts.newest.count < 1) {
    throw new TooShortError(`the LSTM found ${parts.before.count} windows to learn from, it needs 20`, {
      hint: 'wait for more history; the baselines forecast meanwhile',
    });
  }
  return parts;
}

interface TrainTask extends Parts {
  network: LstmNetwork;
  series: LstmSeries;
  seed: number;
  start?: Float32Array;
  onProgress(share: number): void;
  signal?: AbortSignal;
}

/** @returns the weights; null if the loss stopped being a number
 *  @throws the signal's reason between two batches */
async function train(task: TrainTask, settings: LstmSettings): Promise<Float32Array | null> {
  const { network, series, signal, onProgress } = task;
  const { units } = series.shape;
  const generator = xoroshiro128plus(task.seed);
  const random = () => uniformFloat64(generator);
  const weights = task.start?.slice() ?? initialWeights(series.shape, random);
  const steps = stepsFor(task, settings);
  const optimiser = adam(weights.length, settings);
  const gradient = new Float32Array(weights.length);
  const check = task.newest.batch(task.newest.draw(Math.min(1024, 4 * task.newest.count), random));
  const keep = new Float32Array(settings.batch * units);

  let best: { loss: number; weights: Float32Array; step: number } = {
    loss: Number.POSITIVE_INFINITY,
    weights: weights.slice(),
    step: 0,
  };
  let looks = 0;
  let step = 0;
  const total = Math.round(steps * (1 + settings.finish));
  for (; step < steps && looks < settings.patience; step++) {
    if (!(await advance(task.before, rateAt(step / total)))) return null;
    if ((step + 1) % settings.lookEvery !== 0 && step + 1 < steps) continue;
    const mean = optimiser.average();
    const loss = network.loss(mean, check);
    looks = loss < best.loss ? 0 : looks + 1;
    if (loss < best.loss) best = { loss, weights: mean, step };
  }
  // How long to train is known now: the newest cutoffs are learnt too.
  weights.set(best.weights);
  const finish = Math.round(settings.finish * steps);
  const final = adam(weights.length, settings);
  for (let k = 0; k < finish; k++) {
    if (!(await advance(task.all, rateAt(1 - (1 - k / finish) * (1 - steps / total)), final))) return null;
  }
  return finish > 0 ? final.average() : best.weights;

  async function advance(examples: LstmExamples, rate: number, with_ = optimiser): Promise<boolean> {
    signal?.throwIfAborted();
    // Lets signals and progress through: TensorFlow's calls are synchronous.
    if (step % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let k = 0; k < keep.length; k++)
      keep[k] = random() < settings.dropout ? 0 : 1 / (1 - settings.dropout);
    const batch = examples.batch(examples.draw(settings.batch, random));
    const loss = network.gradient(weights, batch, keep, gradient);
    const norm = with_.step(weights, gradient, rate);
    onProgress(Math.min(1, step / total));
    return Number.isFinite(loss) && Number.isFinite(norm);
  }

  function rateAt(share: number): number {
    const warmUp = Math.min(1, (share * total + 1) / 20);
    return (
      settings.rate * (task.start ? 0.5 : 1) * warmUp * (0.02 + 0.98 * 0.5 * (1 + Math.cos(Math.PI * share)))
    );
  }
}

/** A short series is not read a hundred times over. */
function stepsFor({ start, before }: TrainTask, settings: LstmSettings): number {
  const most = start ? settings.warmSteps : settings.steps;
  return Math.max(40, Math.min(most, Math.ceil((40 * before.count) / settings.batch)));
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
