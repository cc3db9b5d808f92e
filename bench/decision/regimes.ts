import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { LossTable } from '../../pipeline/contracts/losses.ts';
import type { TargetPanel } from '../../pipeline/contracts/panel.ts';
import { phasesOf } from '../../pipeline/stages/evaluate/phases.ts';
import { baselineCandidate } from '../../pipeline/tasks/forecast/candidates.ts';
import { italyRegions } from '../../pipeline/tasks/forecast/real-data.testing.ts';
import { type Rolled, roll } from '../../pipeline/tasks/forecast/rolling.ts';
import { treesCandidate } from '../../pipeline/tasks/forecast/trees.ts';

const HORIZON = 7;
const FIRST_CUTOFF = Date.parse('2020-09-01');
const REFIT_EVERY = 56;
/** Days that are drawn together: two of the test's own blocks, so that what lasts for weeks lasts here too. */
const BLOCK = 28;
const DAY_MS = 86_400_000;

export const RECIPES = ['trees', 'trees with another seed', 'trees-level', 'baseline'] as const;
export type Recipe = (typeof RECIPES)[number];

/** Real forecasts of Italy's regions from real recipes, at every cutoff of 21 months. */
export interface Regimes {
  panel: TargetPanel;
  forecasts: Record<Recipe, Rolled>;
  /** Sum of absolute errors of all tracts and horizons, by cutoff. */
  losses: Record<Recipe, Float64Array>;
}

export async function makeRegimes(onProgress: (note: string) => void): Promise<Regimes> {
  const panel = italyRegions();
  const first = Math.round((FIRST_CUTOFF - panel.start) / panel.stepMs);
  const cutoffs: [number, number] = [first, panel.length - 1 - HORIZON];
  const request = { panel, cutoffs, refitEvery: REFIT_EVERY, maxHorizon: HORIZON };
  const rolledBy = async (recipe: Recipe, seed: number) => {
    onProgress(recipe);
    const candidate =
      recipe === 'baseline'
        ? baselineCandidate('seasonal-naive-growth')
        : recipe === 'trees-level'
          ? treesCandidate('trees-level', { offset: 'level' })
          : treesCandidate('trees');
    return (await roll({ ...request, candidates: [candidate], seed }))[0];
  };
  const forecasts = {
    trees: await rolledBy('trees', 1),
    'trees with another seed': await rolledBy('trees with another seed', 2),
    'trees-level': await rolledBy('trees-level', 1),
    baseline: await rolledBy('baseline', 1),
  };
  const losses = Object.fromEntries(
    RECIPES.map((recipe) => [recipe, dailyLosses(panel, forecasts[recipe])]),
  ) as Regimes['losses'];
  return { panel, forecasts, losses };
}

function dailyLosses(panel: TargetPanel, { values, cutoffs, tracts, from }: Rolled): Float64Array {
  const sums = new Float64Array(cutoffs);
  for (let day = 0; day < cutoffs; day++)
    for (let tract = 0; tract < tracts; tract++)
      for (let horizon = 1; horizon <= HORIZON; horizon++) {
        const truth = panel.values[tract * panel.length + from + day + horizon];
        sums[day] += Math.abs(values[(day * tracts + tract) * HORIZON + horizon - 1] - truth);
      }
  return sums;
}

export type Random = ReturnType<typeof xoroshiro128plus>;

/** Cutoffs of a made-up stretch of days: whole blocks of real ones in any order.
 *  @returns indices into the rolled cutoffs, and the block that each day came from */
export function drawDays(
  days: number,
  { forecasts }: Regimes,
  random: Random,
): { day: number; block: number }[] {
  const { cutoffs } = forecasts.baseline;
  const drawn: { day: number; block: number }[] = [];
  for (let block = 0; drawn.length < days; block++) {
    const from = uniformInt(random, 0, cutoffs - BLOCK);
    for (let day = from; day < from + BLOCK && drawn.length < days; day++) drawn.push({ day, block });
  }
  return drawn;
}

/** Which recipe speaks on each day. */
export type Side = (block: number) => Recipe;

/** One side of a comparison on the days drawn, as `evaluate` leaves it.
 *  @param improvement share by which every error is smaller than it was: 0.1 = 10 % better */
export function sideOn(
  days: { day: number; block: number }[],
  { panel, forecasts }: Regimes,
  { role, side, improvement = 0 }: { role: LossTable['role']; side: Side; improvement?: number },
): LossTable {
  const { tracts, from } = forecasts.baseline;
  const size = days.length * tracts * HORIZON;
  const table = {
    role,
    model: role === 'baseline' ? 'seasonal-naive-growth' : 'trees',
    tracts: panel.tracts.map(({ id }) => id),
    tract: new Int32Array(size),
    cutoff: new Float64Array(size),
    horizon: new Int32Array(size),
    truth: new Float64Array(size),
    forecast: new Float64Array(size),
    loss: new Float64Array(size),
    wis: new Float64Array(size).fill(Number.NaN),
  };
  const real = new Int32Array(size);
  let row = 0;
  days.forEach(({ day, block }, index) => {
    const { values } = forecasts[side(block)];
    for (let tract = 0; tract < tracts; tract++) {
      for (let horizon = 1; horizon <= HORIZON; horizon++, row++) {
        const at = from + day + horizon;
        const truth = panel.values[tract * panel.length + at];
        const error = values[(day * tracts + tract) * HORIZON + horizon - 1] - truth;
        table.tract[row] = tract;
        table.cutoff[row] = index * DAY_MS;
        real[row] = from + day;
        table.horizon[row] = horizon;
        table.truth[row] = truth;
        table.forecast[row] = truth + error * (1 - improvement);
        table.loss[row] = Math.abs(error) * (1 - improvement);
      }
    }
  });
  const where = { tract: table.tract, cutoff: real, horizon: table.horizon };
  return { ...table, phase: phasesOf(where, { values: panel.values, length: panel.length, season: 7 }) };
}
