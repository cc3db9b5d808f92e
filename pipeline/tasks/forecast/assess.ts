import type { BacktestRow } from '../../contracts/backtest.ts';
import { LEVELS } from '../../contracts/forecast.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import { scoreForecasts } from '../../metrics/errors.ts';
import type { BacktestRequest } from '../task.ts';
import { blendable, blendInto, fitBlend } from './blend.ts';
import { calibrate, followed, type Issued } from './calibrate.ts';
import { choose } from './choose.ts';
import { issuedMeans, issuedPoints, MEAN_WINDOW } from './issue.ts';
import type { Rolled } from './rolling.ts';
import { meansOf, truthOf, truthsKnown } from './truth.ts';

export interface Assessment {
  rows: BacktestRow[];
  /** What was published as `challenger`, by target, at each choice. */
  chosen: { target: BacktestRow['target']; cutoff: number; horizon: number; model: string }[];
}

const REWEIGH_EVERY = 14;
/** Settled steps that blends and choices look back on. */
const TRAILING = 112;

export interface Context {
  panel: TargetPanel;
  /** Rolled over the same cutoffs. */
  members: Rolled[];
  /** First cutoff whose forecasts are scored; what lies before is for blends, choice and intervals to learn on. */
  firstScored: number;
  request: Pick<BacktestRequest, 'from' | 'to' | 'horizons'>;
}

/** Scores every member, the blend and the choice on one target; adds to `result`. */
export function assess(target: BacktestRow['target'], context: Context, result: Assessment): void {
  const { panel, members, firstScored, request } = context;
  const smooth = target === 'new_7day_mean';
  const known = truthsKnown(panel);
  const truthAt = smooth
    ? memoised((cutoff) => meansOf(known(cutoff), panel.length, MEAN_WINDOW), panel)
    : known;
  const blend = rollingBlend(context, known, smooth ? 'relative' : 'absolute');
  const issued = new Map<string, Issued>();
  for (const model of [...members, blend]) {
    issued.set(model.model, smooth ? issuedMeans(panel, model, known) : issuedPoints(panel, model));
  }
  const choices = choose({
    panel,
    issued,
    baselines: members.filter((member) => member.isBaseline).map((member) => member.model),
    truthAt,
    loss: smooth ? 'relative' : 'absolute',
    horizons: request.horizons,
    cutoffs: stepsOf(members[0]),
    trailing: TRAILING,
  });
  issued.set('challenger', choices.issued);
  for (const choice of choices.chosen)
    if (choice.cutoff >= firstScored) result.chosen.push({ target, ...choice });
  const truth = smooth ? meansOf(truthOf(panel), panel.length, MEAN_WINDOW) : truthOf(panel);
  for (const [model, of] of issued) {
    const delay = Math.max(0, panel.delay);
    const state = calibrate(panel, of, truthAt(firstScored), [of.from, firstScored - delay]);
    const quantiles = followed(state, panel, of, truthAt, [firstScored, of.from + of.cutoffs - 1]);
    for (const horizon of request.horizons) {
      result.rows.push({
        model,
        target,
        horizon,
        ...errorsAt(horizon, { of, quantiles, truth, panel, request }),
      });
    }
  }
}

/** Cutoffs at which models are fitted, blends weighed and choices made. */
function stepsOf({ from, cutoffs }: Rolled): [number, number][] {
  const steps: [number, number][] = [];
  for (let first = from; first < from + cutoffs; first += REWEIGH_EVERY)
    steps.push([first, Math.min(first + REWEIGH_EVERY - 1, from + cutoffs - 1)]);
  return steps;
}

function memoised(
  of: (cutoff: number) => Float64Array,
  panel: TargetPanel,
): (cutoff: number) => Float64Array {
  let kept: { cutoff: number; value: Float64Array } | null = null;
  return (cutoff) => {
    if (kept === null || (panel.revisions !== undefined && kept.cutoff !== cutoff))
      kept = { cutoff, value: of(cutoff) };
    return kept.value;
  };
}

/** A blend whose weights are found again as time goes on, from targets settled before. */
function rollingBlend(
  { panel, members }: Context,
  truthAt: (cutoff: number) => Float64Array,
  loss: 'absolute' | 'relative',
): Rolled {
  const values = new Float64Array(members[0].values.length);
  const delay = Math.max(0, panel.delay);
  for (const [first, last] of stepsOf(members[0])) {
    const settled = first - delay;
    const able = answering(blendable(members), first);
    const weights = fitBlend({
      panel,
      members: able,
      truth: truthAt(first),
      targets: [settled - TRAILING, settled],
      loss,
    });
    blendInto(values, {
      panel,
      members: able,
      weights,
      cutoffs: [first - able[0].from, last - able[0].from],
    });
  }
  return { ...members[0], model: 'blend', isBaseline: false, values, fitSeconds: 0 };
}

/** Members that answer at a cutoff; all of them where none does. */
function answering(members: Rolled[], cutoff: number): Rolled[] {
  const able = members.filter(
    ({ values, from, tracts, maxLead }) => !Number.isNaN(values[(cutoff - from) * tracts * maxLead]),
  );
  return able.length > 0 ? able : members;
}

function errorsAt(
  horizon: number,
  {
    of,
    quantiles,
    truth,
    panel,
    request,
  }: {
    of: Issued;
    quantiles: Float64Array;
    truth: Float64Array;
    panel: TargetPanel;
    request: Pick<BacktestRequest, 'from' | 'to' | 'horizons'>;
  },
): Omit<BacktestRow, 'model' | 'target' | 'horizon'> {
  const truths: number[] = [];
  const forecast: number[] = [];
  const bands: number[] = [];
  const tract: number[] = [];
  for (let index = 0; index < of.cutoffs; index++) {
    const target = of.from + index + horizon;
    if (target < request.from || target > request.to) continue;
    for (let one = 0; one < of.tracts; one++) {
      const at = (index * of.tracts + one) * of.horizons + horizon - 1;
      const value = truth[one * panel.length + target];
      if (Number.isNaN(value)) continue;
      truths.push(value);
      forecast.push(of.point[at]);
      tract.push(one);
      for (let level = 0; level < LEVELS.length; level++) bands.push(quantiles[at * LEVELS.length + level]);
    }
  }
  const scaleErrors = seasonalErrors(panel, truth, request.from);
  const { n, mae, rmse, mape, wape, mase, wis, coverage90 } = scoreForecasts({
    truth: truths,
    forecast,
    quantiles: bands,
    levels: LEVELS,
    scaleErrors,
    tract,
  });
  return { n, mae, rmse, mape, wape, mase, wis, coverage90 };
}

/** In-sample mean absolute error of the seasonal naive forecast, by tract. */
function seasonalErrors(panel: TargetPanel, truth: Float64Array, before: number): Float64Array {
  const lag = { hour: 24, day: 7, week: 1, month: 1 }[panel.step];
  return Float64Array.from(panel.tracts, (_, tract) => {
    let sum = 0;
    let n = 0;
    for (let t = lag; t < before; t++) {
      const error = Math.abs(truth[tract * panel.length + t] - truth[tract * panel.length + t - lag]);
      if (Number.isNaN(error)) continue;
      sum += error;
      n++;
    }
    return n > 0 ? sum / n : Number.NaN;
  });
}
