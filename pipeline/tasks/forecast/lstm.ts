import { PerennialError } from '../../contracts/errors.ts';
import type { Curve } from '../../contracts/train.ts';
import type { Candidate, FitRequest } from './candidate.ts';
import { bestBases, lstmExamples } from './lstm-examples.ts';
import { lstmNetwork } from './lstm-network.ts';
import { LSTM_SETTINGS, type LstmSettings } from './lstm-settings.ts';
import { halfLifeOf, shapeFor } from './lstm-shape-for.ts';
import { LOSS_EVERY, type Parts, type Trained, train } from './lstm-training.ts';
import { seasonOf } from './predict/baselines.ts';
import type { Fitted, Known } from './predict/fitted.ts';
import { LSTM, type LstmFitted, type LstmState, loadLstm, lstmFitted } from './predict/lstm-fitted.ts';
import { type LstmSeries, lstmSeries, spreads } from './predict/lstm-inputs.ts';
import type { LstmShape } from './predict/lstm-shape.ts';
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
    const start = previous?.networks[k];
    const task = { network, shape: series.shape, ...parts, seed: seed + 7919 * k, start, onProgress, signal };
    const trained = (await train(task, settings)) ?? (await train(task, slower(settings))) ?? fail();
    networks.push(trained.weights);
    for (const curve of curvesOf(trained, k, settings)) request.onCurve?.(curve);
  }
  return lstmFitted({ shape: series.shape, networks, spread });
}

function curvesOf(trained: Trained, network: number, { lookEvery }: LstmSettings): Curve[] {
  const { trainingLoss, finishingLoss, heldOutLoss } = trained;
  const curve = (what: string, every: number, points: number[]): Curve => {
    const finite = points.map((point) => (Number.isFinite(point) ? point : null));
    return { name: `${LSTM}-${network + 1}/${what}`, unit: 'step', every, points: finite };
  };
  return [
    curve('training-loss', LOSS_EVERY, trainingLoss),
    curve('held-out-loss', lookEvery, heldOutLoss),
    ...(finishingLoss.length > 0 ? [curve('finishing-loss', LOSS_EVERY, finishingLoss)] : []),
  ];
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
  const { step, scale } = known.panel;
  const facts = { step, scale, season: seasonOf(known), length: known.last + 1, maxLead };
  const shape = shapeFor(facts, settings);
  const spread = spreads(known, shape);
  const growth: LstmShape = { ...shape, base: new Array<'growth'>(maxLead).fill('growth') };
  const series = lstmSeries(known, growth, spread);
  series.shape = { ...shape, base: bestBases(series, { from: firstEnd(series), to: known.last }) };
  return { series, spread: byTract(known, spread) };
}

function byTract({ panel }: Known, spread: Float64Array): Record<string, number> {
  if (panel.scale === 'count') return {};
  return Object.fromEntries(panel.tracts.map(({ id }, tract) => [id, spread[tract]]));
}

const firstEnd = ({ shape, last }: LstmSeries): number => Math.min(2 * shape.season, Math.floor(last / 4));

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
