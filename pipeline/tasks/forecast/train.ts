import type { BundleFiles } from '../../contracts/bundle.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { ScoredForecasts } from '../../contracts/forecast.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import type { Curve } from '../../contracts/train.ts';
import type { TrainRequest, TrainResult } from '../task.ts';
import { blendable, blended, fitBlend } from './blend.ts';
import type { Issued } from './calibrate.ts';
import type { Candidate } from './candidate.ts';
import { candidatesFor } from './candidates.ts';
import { best, scoresOf } from './choose.ts';
import { issuedPoints } from './issue.ts';
import { overWindow, REFIT_EVERY } from './over-window.ts';
import type { BlendWeights } from './predict/blend.ts';
import { bundleJson } from './predict/bundle-json.ts';
import type { Fitted } from './predict/fitted.ts';
import type { IntervalState } from './predict/intervals.ts';
import { knownAt } from './predict/known.ts';
import type { ForecastSpec } from './predict/load.ts';
import { type Rolled, roll } from './rolling.ts';
import { withServing } from './serving-files.ts';
import { truthsKnown } from './truth.ts';
import { withWarmUp } from './warm-up.ts';

/** Share of the work that the rolling fits are, as far as progress goes. */
const ROLLING_SHARE = 0.85;

/** Fits every candidate at rolling cutoffs, then in strict order of time: blends and chooses on the select window,
 *  calibrates intervals on the calibrate window, forecasts the decide window; at last the chosen recipe is fitted
 *  again on everything.
 *  A model that does not beat the baselines on the select window is not published: the best baseline is.
 *  @param among default: every candidate there is */
export async function train(request: TrainRequest, among?: Candidate[]): Promise<TrainResult> {
  const { panel, params, windows, onProgress, signal } = request;
  const maxHorizon = Math.max(...params.horizons);
  const { seed } = params.train;
  const candidates = among ?? (await candidatesFor(params.train));
  const members = await roll({
    panel,
    candidates,
    cutoffs: [windows.select[0], windows.decide[1]],
    refitEvery: REFIT_EVERY,
    maxHorizon,
    seed,
    onProgress: (share, note) => onProgress(share * ROLLING_SHARE, note),
    signal,
  });
  const able = members.filter((member) => member.failure === undefined);
  if (able.length === 0)
    throw new UsageError('no candidate could be fitted', { hint: 'is the series longer than two weeks?' });
  const selected = select({ panel, able, windows, horizons: params.horizons });
  const models = new Map<string, Issued>(
    [...able, selected.blend].map((model) => [model.model, issuedPoints(panel, model)]),
  );
  const fallback = bestBaseline(able, selected);
  const forecasts = decide(models, selected.chosen, request);
  const chosenMembers = selected.chosen === 'blend' ? usedMembers(selected.weights) : [selected.chosen];
  const curves: Curve[] = [];
  const fits = await fitAgain(candidates, chosenMembers, {
    panel,
    maxHorizon,
    seed,
    onCurve: (curve) => curves.push(curve),
    onProgress: (share, note) => onProgress(ROLLING_SHARE + (1 - ROLLING_SHARE) * share, `final ${note}`),
    signal,
  });
  const isBaseline = able.some((member) => member.model === selected.chosen && member.isBaseline);
  const spec = { panel, maxHorizon, weights: selected.weights };
  const bundle = (chosen: string, isBaseline: boolean, fits: Fitted[]) =>
    bundleOf(specOf({ ...spec, chosen, isBaseline, fits }), fits, forecasts.states.get(chosen)!, panel);
  const files = bundle(selected.chosen, isBaseline, fits);
  const again = { panel, maxHorizon, seed, onProgress() {}, signal };
  const baseline = fallback === null ? [] : await fitAgain(candidates, [fallback], again);
  onProgress(1, selected.chosen);
  return {
    files,
    candidate: selected.chosen,
    isBaseline,
    fallback: fallback === null ? null : { candidate: fallback, files: bundle(fallback, true, baseline) },
    trainEnd: panel.length - 1 - Math.max(0, panel.delay),
    hyperparameters: {
      season_refit_every: REFIT_EVERY,
      members: chosenMembers.join(' '),
      seed,
      ...(params.train.lookback !== undefined && { lookback: params.train.lookback }),
      ...(params.train.units !== undefined && { units: params.train.units }),
      max_horizon: maxHorizon,
    },
    leaderboard: leaderboardOf({
      members,
      selected,
      metric: params.promotion.metric,
      horizons: params.horizons,
    }),
    // Fits run side by side: the order in which they end is not theirs.
    curves: curves.sort((a, b) => (a.name < b.name ? -1 : 1)),
    fitSeconds: Object.fromEntries(members.map(({ model, fitSeconds }) => [model, fitSeconds])),
    forecasts: forecasts.tables,
  };
}

/** @returns null where it is the one that was chosen, or there is none */
function bestBaseline(able: Rolled[], { chosen, scores }: Selected): string | null {
  const score = ({ model }: Rolled) => scores.get(model)?.overall ?? Number.POSITIVE_INFINITY;
  const [best] = able.filter(({ isBaseline }) => isBaseline).sort((a, b) => score(a) - score(b));
  return best === undefined || best.model === chosen ? null : best.model;
}

interface Selected {
  chosen: string;
  blend: Rolled;
  weights: BlendWeights;
  /** Model → mean loss by horizon on the window, and over all of them relative to the best. */
  scores: Map<string, { overall: number; byHorizon: number[] }>;
}

/** Weights are fitted on the first part of the window and judged on the rest, then fitted on all of it. */
function select(request: {
  panel: TargetPanel;
  able: Rolled[];
  windows: TrainRequest['windows'];
  horizons: number[];
}): Selected {
  const { panel, able, windows, horizons } = request;
  const longest = Math.max(...horizons);
  const learnt = blendable(able);
  const [first, last] = windows.select;
  const middle = Math.floor(first + 0.6 * (last - first));
  // As known when the next window opens: nothing later may weigh or choose.
  const truth = truthsKnown(panel)(Math.min(panel.length - 1, windows.calibrate[0]));
  const settled = Math.min(last + longest, windows.calibrate[0] - Math.max(0, panel.delay));
  const weigh = (targets: [number, number]) =>
    fitBlend({ panel, members: learnt, truth, targets, loss: 'absolute' });
  const trial = blended(panel, learnt, weigh([first + 1, middle]));
  const issued = new Map([...able, trial].map((model) => [model.model, issuedPoints(panel, model)]));
  const names = [...issued.keys()];
  const about = { issued, panel, loss: 'absolute' as const };
  const judged: [number, number] = [middle + 1, settled];
  const overall = scoresOf({ ...about, horizons }, names, truth, judged);
  const byHorizon = horizons.map((horizon) =>
    scoresOf({ ...about, horizons: [horizon], absolute: true }, names, truth, judged),
  );
  const scores = new Map(
    names.map((name, index) => [
      name,
      { overall: overall[index], byHorizon: byHorizon.map((row) => row[index]) },
    ]),
  );
  const baselines = able.filter((member) => member.isBaseline).map((member) => member.model);
  const chosen = best(names, overall, baselines) ?? names[names.length - 1];
  const weights = weigh([first + 1, settled]);
  return { chosen, weights, blend: blended(panel, learnt, weights), scores };
}

/** Every model over the decide window; the chosen one once more, first and named `challenger`. */
function decide(
  models: Map<string, Issued>,
  chosen: string,
  { panel, windows, params }: TrainRequest,
): { tables: ScoredForecasts[]; states: Map<string, IntervalState> } {
  const all = overWindow(models, { panel, windows, horizons: params.horizons });
  const challenger = all.get(chosen);
  if (!challenger) throw new RangeError(`the chosen model ${chosen} has no forecasts`);
  return {
    tables: [{ ...challenger.table, model: 'challenger' }, ...[...all.values()].map(({ table }) => table)],
    states: new Map([...all].map(([model, { state }]) => [model, state])),
  };
}

function usedMembers({ members, weights }: BlendWeights): string[] {
  return members.filter((_, member) => weights.some((row) => row[member] > 0.005));
}

async function fitAgain(
  candidates: Candidate[],
  names: string[],
  options: {
    panel: TargetPanel;
    maxHorizon: number;
    seed: number;
    onCurve?: (curve: Curve) => void;
    onProgress: (share: number, note: string) => void;
    signal?: AbortSignal;
  },
): Promise<Fitted[]> {
  const { panel, maxHorizon, seed, onCurve, signal } = options;
  const known = knownAt(panel, panel.length - 1);
  const maxLead = maxHorizon + Math.max(0, panel.delay);
  let fitted = 0;
  return Promise.all(
    names.map(async (name) => {
      const candidate = candidates.find((one) => one.name === name) as Candidate;
      const fit = await candidate.fit({ known, maxLead, seed, onCurve, signal });
      options.onProgress(++fitted / names.length, name);
      return fit;
    }),
  );
}

function specOf(about: {
  panel: TargetPanel;
  maxHorizon: number;
  chosen: string;
  isBaseline: boolean;
  fits: Fitted[];
  weights: BlendWeights;
}): ForecastSpec {
  const { panel, maxHorizon, chosen, isBaseline, fits, weights } = about;
  const members = fits.map((fitted) => fitted.name);
  const columns = members.map((name) => weights.members.indexOf(name));
  const delay = Math.max(0, panel.delay);
  return {
    format: 1,
    candidate: chosen,
    isBaseline,
    members,
    weights: weights.weights.map((row) => (chosen === 'blend' ? columns.map((column) => row[column]) : [1])),
    maxHorizon,
    step: panel.step,
    scale: panel.scale,
    target: panel.target,
    delay,
    trainEnd: timeAt(panel, panel.length - 1 - delay),
  };
}

function bundleOf(spec: ForecastSpec, fits: Fitted[], state: IntervalState, panel: TargetPanel): BundleFiles {
  const files: BundleFiles = new Map([
    ...bundleJson('spec.json', spec),
    ...bundleJson('intervals.json', state),
    ...fits.flatMap((fitted) => [...fitted.files()]),
  ]);
  return withServing(withWarmUp(files, panel), panel);
}

function leaderboardOf(about: {
  members: Rolled[];
  selected: Selected;
  metric: string;
  horizons: number[];
}): TrainResult['leaderboard'] {
  const { members, selected, horizons } = about;
  const finite = (value: number | undefined) =>
    value !== undefined && Number.isFinite(value) ? value : null;
  const candidates = [...members, selected.blend].map((member) => {
    const score = selected.scores.get(member.model);
    const settings: Record<string, string | number> =
      member.model === 'blend' ? shares(selected.weights) : member.failure ? { failure: member.failure } : {};
    return {
      name: member.model,
      is_baseline: member.isBaseline,
      score: finite(score?.overall),
      by_horizon: Object.fromEntries(
        horizons.map((horizon, index) => [String(horizon), finite(score?.byHorizon[index])]),
      ),
      settings,
    };
  });
  candidates.sort((a, b) => (a.score ?? Number.POSITIVE_INFINITY) - (b.score ?? Number.POSITIVE_INFINITY));
  return { metric: 'relative_mae', chosen: selected.chosen, candidates };
}

/** Mean share of each member over the leads. */
function shares({ members, weights }: BlendWeights): Record<string, number> {
  return Object.fromEntries(
    members.map((name, member) => [
      name,
      Math.round((1000 * weights.reduce((sum, row) => sum + row[member], 0)) / weights.length) / 1000,
    ]),
  );
}
