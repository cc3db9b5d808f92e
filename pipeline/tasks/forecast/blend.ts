import type { TargetPanel } from '../../contracts/panel.ts';
import { type BlendWeights, blendAt } from './predict/blend.ts';
import type { Rolled } from './rolling.ts';

export interface BlendRequest {
  panel: TargetPanel;
  members: Rolled[];
  /** Truth, shape [tracts × length]; NaN = unknown. */
  truth: Float64Array;
  /** First and last target step that may be learnt from. */
  targets: [number, number];
  /** `absolute`: errors in cases, as WAPE weighs them; `relative`: each tract counts alike, as MAPE does. */
  loss: 'absolute' | 'relative';
  /** Share of the equal mean mixed in. Most of it: weights that fit the last weeks best fail at the next turn of
   *  the wave (chosen on Italy's cutoffs of October 2021 to March 2022: 0.3 lost 4–37 % more at 7 days). */
  shrink?: number;
}

const MAX_ROWS = 2000;
const STEEPNESS = 12;

/** Non-negative weights per lead that lose least over settled targets, drawn toward the equal mean of the members
 *  that come near the best one. Equal weights where there is nothing to learn from. */
export function fitBlend(request: BlendRequest): BlendWeights {
  const { members, shrink = 0.9 } = request;
  const maxLead = members[0].maxLead;
  const weights: number[][] = [];
  for (let lead = 1; lead <= maxLead; lead++) {
    const rows = rowsOf(request, lead);
    if (rows.truth.length < 20) {
      weights.push(members.map(() => 1 / members.length));
      continue;
    }
    const best = descend(members.length, (candidate) => lossOf(rows, candidate));
    const prior = nearBest(rows);
    weights.push(best.map((weight, member) => (1 - shrink) * weight + shrink * prior[member]));
  }
  return { members: members.map((member) => member.model), weights };
}

/** Forecasts and truths on the scale on which they are mixed. */
interface Rows {
  /** shape [members][rows] */
  forecasts: Float64Array[];
  truth: Float64Array;
  weight: Float64Array;
}

function rowsOf({ panel, members, truth, targets, loss }: BlendRequest, lead: number): Rows {
  const { from, cutoffs, tracts, maxLead } = members[0];
  const delay = Math.max(0, panel.delay);
  const at: number[] = [];
  const cell: number[] = [];
  for (let index = 0; index < cutoffs; index++) {
    const target = from + index - delay + lead;
    if (target < targets[0] || target > targets[1]) continue;
    for (let tract = 0; tract < tracts; tract++) {
      const where = (index * tracts + tract) * maxLead + lead - 1;
      if (Number.isNaN(truth[tract * panel.length + target])) continue;
      if (members.some((member) => Number.isNaN(member.values[where]))) continue;
      at.push(where);
      cell.push(tract * panel.length + target);
    }
  }
  const every = Math.max(1, Math.ceil(at.length / MAX_ROWS));
  const kept = at.map((_, row) => row).filter((row) => row % every === 0);
  const mixing = (value: number) => (panel.scale === 'count' ? Math.log(Math.max(0, value) + 1) : value);
  return {
    forecasts: members.map((member) => Float64Array.from(kept, (row) => mixing(member.values[at[row]]))),
    truth: Float64Array.from(kept, (row) => mixing(truth[cell[row]])),
    weight: evenDays(
      Float64Array.from(kept, (row) => weightAt(panel, truth, cell[row], loss)),
      kept.map((row) => cell[row] % panel.length),
    ),
  };
}

/** An error of a logarithm costs cases in proportion to the level; one of a real number costs itself. */
function weightAt(
  panel: TargetPanel,
  truth: Float64Array,
  cell: number,
  loss: 'absolute' | 'relative',
): number {
  if ((panel.scale === 'count') === (loss === 'relative')) return 1;
  let sum = 0;
  let n = 0;
  for (let back = 0; back < 7 && cell % panel.length >= back; back++) {
    const value = Math.abs(truth[cell - back]);
    if (Number.isNaN(value)) continue;
    sum += value;
    n++;
  }
  return panel.scale === 'count' ? sum / n + 1 : 1 / (sum / n + 1e-9);
}

/** Each day weighs alike: else a wave's peak alone would say how to mix in the calm before and after. */
function evenDays(weight: Float64Array, day: number[]): Float64Array {
  const sums = new Map<number, number>();
  weight.forEach((value, row) => {
    sums.set(day[row], (sums.get(day[row]) ?? 0) + value);
  });
  return weight.map((value, row) => value / (sums.get(day[row]) || 1));
}

function lossOf(rows: Rows, weights: number[]): number {
  const { forecasts, truth, weight } = rows;
  const used = weights.map((_, member) => member).filter((member) => weights[member] > 0);
  let loss = 0;
  for (let row = 0; row < truth.length; row++) {
    let mixed = 0;
    for (let i = 0; i < used.length; i++) mixed += weights[used[i]] * forecasts[used[i]][row];
    loss += weight[row] * Math.abs(truth[row] - mixed);
  }
  return loss;
}

/** Moves weight from one member to another as long as that helps, in ever smaller portions. The loss is convex
 *  for real numbers and nearly so for counts, and there are few members. */
function descend(members: number, lossAt: (weights: number[]) => number): number[] {
  let weights = Array.from({ length: members }, () => 1 / members);
  let loss = lossAt(weights);
  for (const portion of [0.25, 0.1, 0.05]) {
    for (let pass = 0; pass < 12; pass++) {
      let moved = false;
      for (let from = 0; from < members; from++) {
        for (let to = 0; to < members; to++) {
          if (from === to || weights[from] <= 0) continue;
          const amount = Math.min(portion, weights[from]);
          const next = weights.with(from, weights[from] - amount).with(to, weights[to] + amount);
          const nextLoss = lossAt(next);
          if (nextLoss < loss * (1 - 1e-6)) {
            weights = next;
            loss = nextLoss;
            moved = true;
          }
        }
      }
      if (!moved) break;
    }
  }
  return weights;
}

/** Weights that fall steeply with what a member loses against the best: 10 % more costs two thirds of the weight. */
function nearBest(rows: Rows): number[] {
  const losses = rows.forecasts.map((_, member) =>
    lossOf(
      rows,
      rows.forecasts.map((__, other) => (other === member ? 1 : 0)),
    ),
  );
  const least = Math.min(...losses);
  const near = losses.map((loss) =>
    least > 0 ? Math.exp(-STEEPNESS * (loss / least - 1)) : loss === 0 ? 1 : 0,
  );
  const sum = near.reduce((total, one) => total + one, 0);
  return near.map((one) => one / sum);
}

/** Members that learn, where there are any. Baselines stay outside: growth that was right through a rise drags the
 *  blend along past its turn (10 % more loss at 7 days on Italy's cutoffs of December 2021 to March 2022). */
export function blendable(members: Rolled[]): Rolled[] {
  const learnt = members.filter((member) => !member.isBaseline && member.failure === undefined);
  return learnt.length > 0 ? learnt : members;
}

/** The blend as a model of its own, with weights that hold for all its cutoffs. */
export function blended(
  panel: TargetPanel,
  members: Rolled[],
  weights: BlendWeights,
  model = 'blend',
): Rolled {
  const values = new Float64Array(members[0].values.length);
  blendInto(values, { panel, members, weights, cutoffs: [0, members[0].cutoffs - 1] });
  return { ...members[0], model, isBaseline: false, values, fitSeconds: 0, failure: undefined };
}

/** Writes the blend of some cutoffs (indices into the rolled ones). */
export function blendInto(
  into: Float64Array,
  request: { panel: TargetPanel; members: Rolled[]; weights: BlendWeights; cutoffs: [number, number] },
): void {
  const { panel, members, weights, cutoffs } = request;
  const { tracts, maxLead } = members[0];
  const values = members.map((member) => member.values);
  for (let at = cutoffs[0] * tracts * maxLead; at < (cutoffs[1] + 1) * tracts * maxLead; at++) {
    into[at] = blendAt(values, at, weights.weights[at % maxLead], panel.scale);
  }
}
