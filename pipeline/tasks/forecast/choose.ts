import type { TargetPanel } from '../../contracts/panel.ts';
import type { Issued } from './calibrate.ts';

export interface ChooseRequest {
  panel: TargetPanel;
  issued: Map<string, Issued>;
  baselines: string[];
  truthAt: (cutoff: number) => Float64Array;
  loss: 'absolute' | 'relative';
  horizons: number[];
  /** Stretches of cutoffs for each of which one model is chosen. */
  cutoffs: [number, number][];
  /** Settled steps looked back on. */
  trailing: number;
}

/** The model that would have been published, by stretch and horizon: the one that lost least on targets settled before.
 *  Each horizon chooses for itself: what is best tomorrow need not be so next week.
 *  Until something has settled: the last baseline. */
export function choose(request: ChooseRequest): {
  issued: Issued;
  chosen: { cutoff: number; horizon: number; model: string }[];
} {
  const names = [...request.issued.keys()];
  const template = request.issued.get(names[0]) as Issued;
  const { from, tracts, horizons } = template;
  const point = Float64Array.from((request.issued.get(names[names.length - 1]) as Issued).point);
  const chosen: { cutoff: number; horizon: number; model: string }[] = [];
  for (const [first, last] of request.cutoffs) {
    const settled = first - Math.max(0, request.panel.delay);
    const truth = request.truthAt(first);
    for (const horizon of request.horizons) {
      const about = { ...request, horizons: [horizon] };
      const scores = scoresOf(about, names, truth, [settled - request.trailing, settled]);
      const model =
        best(names, scores, request.baselines) ?? request.baselines.at(-1) ?? names[names.length - 1];
      const taken = request.issued.get(model) as Issued;
      for (let row = (first - from) * tracts; row < (last + 1 - from) * tracts; row++)
        point[row * horizons + horizon - 1] = taken.point[row * horizons + horizon - 1];
      chosen.push({ cutoff: first, horizon, model });
    }
  }
  return { issued: { ...template, point }, chosen };
}

const MARGIN = 0.1;

export function best(names: string[], scores: number[], baselines: string[]): string | null {
  let index = -1;
  scores.forEach((score, at) => {
    if (Number.isFinite(score) && (index < 0 || score < scores[index])) index = at;
  });
  const last = scores.length - 1;
  // Whoever led over the last weeks often was lucky: the last named (the blend) goes first unless it is clearly behind.
  // A baseline that leads is published: nobody is to wait for a model to be clearly worse than it.
  if (index >= 0 && !baselines.includes(names[index]) && scores[last] <= scores[index] * (1 + MARGIN))
    index = last;
  return index < 0 ? null : names[index];
}

/** Mean over horizons of the loss relative to the least one (`absolute`: as it is); NaN for a model that did not always answer. */
export function scoresOf(
  {
    issued,
    panel,
    loss,
    horizons,
    absolute = false,
  }: Pick<ChooseRequest, 'issued' | 'panel' | 'loss' | 'horizons'> & { absolute?: boolean },
  names: string[],
  truth: Float64Array,
  targets: [number, number],
): number[] {
  const total = names.map(() => 0);
  for (const horizon of horizons) {
    const losses = names.map((name) =>
      lossOf(issued.get(name) as Issued, { panel, loss, truth, targets, horizon }),
    );
    const least = absolute ? 1 : Math.min(...losses.filter(Number.isFinite));
    losses.forEach((value, index) => {
      total[index] += least > 0 ? value / least : value;
    });
  }
  return total.map((sum) => sum / horizons.length);
}

function lossOf(
  issued: Issued,
  {
    panel,
    loss,
    truth,
    targets,
    horizon,
  }: {
    panel: TargetPanel;
    loss: 'absolute' | 'relative';
    truth: Float64Array;
    targets: [number, number];
    horizon: number;
  },
): number {
  let sum = 0;
  let days = 0;
  for (let index = 0; index < issued.cutoffs; index++) {
    const target = issued.from + index + horizon;
    if (target < targets[0] || target > targets[1]) continue;
    // Each day counts alike, as in the blend: a wave's peak must not decide alone.
    let error = 0;
    let size = 0;
    for (let tract = 0; tract < issued.tracts; tract++) {
      const value = truth[tract * panel.length + target];
      if (Number.isNaN(value)) continue;
      const miss = Math.abs(
        value - issued.point[(index * issued.tracts + tract) * issued.horizons + horizon - 1],
      );
      const weight = loss === 'relative' ? 1 / (Math.abs(value) + 1) : 1;
      error += weight * miss;
      size += loss === 'relative' ? 1 : panel.scale === 'count' ? Math.abs(value) + 1 : 1;
    }
    if (size === 0) continue;
    sum += error / size;
    days++;
  }
  return days > 0 ? sum / days : Number.NaN;
}
