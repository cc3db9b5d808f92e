import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { LEVELS } from '../../../contracts/forecast.ts';
import type { TargetPanel } from '../../../contracts/panel.ts';
import { BASELINES, type BaselineName, loadBaseline } from './baselines.ts';
import { blendAt } from './blend.ts';
import { readBundleJson } from './bundle-json.ts';
import type { Fitted, Known } from './fitted.ts';
import { type IntervalState, quantilesAt, usualScale } from './intervals.ts';
import { LSTM, loadLstm } from './lstm-fitted.ts';
import { loadTrees } from './trees.ts';
import { drained, type Turns } from './turns.ts';

/** `spec.json` of a bundle: what is inside and how it is put together. */
export interface ForecastSpec {
  format: 1;
  candidate: string;
  isBaseline: boolean;
  members: string[];
  /** shape [leads][members] */
  weights: number[][];
  maxHorizon: number;
  step: TargetPanel['step'];
  scale: TargetPanel['scale'];
  target: string;
  delay: number;
  /** Last moment learnt from, epoch milliseconds. */
  trainEnd: number;
}

export interface Forecasts {
  /** Medians by horizon, shape [tracts × maxHorizon]. */
  point: Float64Array;
  /** At LEVELS, shape [tracts × maxHorizon × levels]. */
  quantiles: Float64Array;
}

export interface Forecaster {
  spec: ForecastSpec;
  /** Interval state as of the training; an observation pack carries a newer one. */
  intervals: IntervalState;
  /** Pure: the same `known` and state give the same answer.
   *  @param intervals default: the one of the bundle */
  forecast(known: Known, intervals?: IntervalState): Forecasts;
  /** The medians alone. */
  point(known: Known): Float64Array;
  /** As `forecast`, a few tracts at a time. */
  turns(known: Known, intervals?: IntervalState): Turns<Forecasts>;
}

/** Opens a bundle without TensorFlow.
 *  @throws CorruptError if a file is missing or not what it should be */
export function loadForecaster(files: BundleFiles): Forecaster {
  const spec = readBundleJson<ForecastSpec>(files, 'spec.json');
  if (spec.format !== 1) throw new CorruptError(`spec.json has format ${spec.format}, expected 1`);
  const intervals = readBundleJson<IntervalState>(files, 'intervals.json');
  const members = spec.members.map((name) => loadMember(name, files));
  const medians = (known: Known) => pointForecasts(spec, members, known);
  function* turns(known: Known, state = intervals): Turns<Forecasts> {
    const point = yield* medians(known);
    const quantiles = yield* quantilesOf(point, stateFor(state, known.panel), spec.maxHorizon);
    return { point, quantiles };
  }
  return {
    spec,
    intervals,
    turns,
    point: (known) => drained(medians(known)),
    forecast: (known, state) => drained(turns(known, state)),
  };
}

function loadMember(name: string, files: BundleFiles): Fitted {
  if ((BASELINES as readonly string[]).includes(name)) return loadBaseline(name as BaselineName, files);
  return name === LSTM ? loadLstm(files) : loadTrees(name, files);
}

/** The delay may have been learnt anew since the training: leads beyond the longest one repeat it. */
function* pointForecasts(spec: ForecastSpec, members: Fitted[], known: Known): Turns<Float64Array> {
  const tracts = known.panel.tracts.length;
  const delay = known.cutoff - known.last;
  const values: Float64Array[] = [];
  for (const member of members)
    values.push(member.turns ? yield* member.turns(known) : member.forecast(known));
  const maxLead = Math.min(...members.map((member) => member.maxLead));
  const point = new Float64Array(tracts * spec.maxHorizon);
  for (let tract = 0; tract < tracts; tract++) {
    for (let horizon = 1; horizon <= spec.maxHorizon; horizon++) {
      const lead = Math.min(maxLead, horizon + delay);
      point[tract * spec.maxHorizon + horizon - 1] = blendAt(
        values,
        tract * maxLead + lead - 1,
        spec.weights[lead - 1],
        spec.scale,
      );
    }
    yield;
  }
  return point;
}

/** Scales in the order of a panel's tracts: newer data may have more tracts than the training. */
export function stateFor(state: IntervalState, panel: { tracts: { id: string }[] }): IntervalState {
  const scales = new Map(state.tracts.map((id, index) => [id, state.tractScale[index]]));
  const usual = usualScale(state);
  return {
    ...state,
    tracts: panel.tracts.map((tract) => tract.id),
    tractScale: panel.tracts.map((tract) => scales.get(tract.id) ?? usual),
    horizons: state.horizons.map((horizon) => ({ ...horizon, offsets: [...horizon.offsets] })),
  };
}

function* quantilesOf(point: Float64Array, state: IntervalState, maxHorizon: number): Turns<Float64Array> {
  const quantiles = new Float64Array(point.length * LEVELS.length);
  for (let row = 0; row < point.length; row++) {
    const tract = Math.floor(row / maxHorizon);
    const horizon = (row % maxHorizon) + 1;
    quantilesAt(state, { tract, horizon, forecast: point[row] }, quantiles, row * LEVELS.length);
    if (horizon === maxHorizon) yield;
  }
  return quantiles;
}
