import type { BundleFiles } from '../../contracts/bundle.ts';
import type { ScoredForecasts } from '../../contracts/forecast.ts';
import type { LossTable } from '../../contracts/losses.ts';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import type { ModelParams } from '../../contracts/params.ts';
import { type Plan, windowsOf } from '../../contracts/plan.ts';
import type { HistoryEntry, Production, Promotion } from '../../contracts/promotion.ts';
import { promotionOf } from '../../stages/compare/promotion.ts';
import { scoreSides } from '../../stages/evaluate/score-sides.ts';
import { taskFor } from '../../tasks/index.ts';
import { planFor } from '../plan.ts';
import { readForecasts } from './read-forecasts.ts';
import { Refusal } from './refusal.ts';

/** What the judge has from where only trusted code writes. */
export interface Truth {
  panel: TargetPanel;
  dataVersion: string;
  champion: { production: Production; files: BundleFiles } | null;
  history: HistoryEntry[];
  /** The rules of the decision: those of the branch that the change goes into. */
  policy: ModelParams['promotion'];
  /** What is forecast how far: as the pull request has it. */
  params: ModelParams;
}

export interface Recomputed {
  promotion: Promotion;
  metrics: MetricsFile;
  losses: LossTable[];
}

/** The verdict, from the submitted forecasts and nothing else that was submitted: test days, truth, champion, baselines
 *  and rules are the judge's own.
 *  @param about.plan of `planOf`
 *  @param challenger its name and digest, for display
 *  @throws Refusal where the forecasts are not those of this test */
export async function recompute(
  truth: Truth,
  forecasts: Buffer,
  about: {
    model: string;
    plan: Plan;
    challenger: { name: string; digest: string };
    /** Name of its recipe. */
    recipe: string | null;
    commit: string;
    now: Date;
    signal?: AbortSignal;
  },
): Promise<Recomputed> {
  const { panel, champion, params, policy } = truth;
  const task = taskFor(params.task);
  const { plan } = about;
  const windows = windowsOf(plan, panel);
  const baselines = await task.baselines({ panel, windows, horizons: params.horizons, signal: about.signal });
  baselines.sort((a, b) => Number(b.model === task.baseline) - Number(a.model === task.baseline));
  const submitted = await readForecasts(forecasts, { panel, own: baselines[0] });
  refuseTruth(submitted.challenger, baselines);
  const theirs = champion && (await task.score(champion.files, panel, windows.decide));

  const judge = (table: ScoredForecasts, name: string, isBaseline: boolean): Recomputed => {
    const scored = scoreSides(
      {
        challenger: { table, name, digest: about.challenger.digest },
        champion: theirs && {
          table: theirs,
          name: champion.production.candidate,
          digest: champion.production.digest,
          trainEnd: champion.production.train_end,
        },
        baselines,
        candidates: submitted.candidates.filter(
          (candidate) =>
            candidate.model !== name && !baselines.some(({ model }) => model === candidate.model),
        ),
      },
      {
        model: about.model,
        metric: policy.metric,
        plan,
        panel,
        madeAt: about.now.toISOString(),
        commit: about.commit,
        dataVersion: truth.dataVersion,
      },
    );
    const promotion = promotionOf({
      ...scored,
      model: about.model,
      plan,
      history: truth.history,
      policy,
      horizons: params.horizons,
      axis: panel,
      recipe: about.recipe,
      isBaseline,
      decidedAt: about.now.toISOString(),
    });
    return { ...scored, promotion };
  };

  const twin = baselines.find((baseline) => sameNumbers(baseline, submitted.challenger));
  const verdict = judge(submitted.challenger, twin?.model ?? about.challenger.name, twin !== undefined);
  const { promotion } = verdict;
  const loses = promotion.rules.some(({ rule, passed }) => rule === 'beats-baseline' && !passed);
  if (champion || promotion.outcome !== 'refused' || !loses) return verdict;
  // A first model that does not beat the baseline: the baseline is what would be published.
  const best = baselines.find(({ model }) => model === promotion.baseline.name) ?? baselines[0];
  return judge(best, best.model, true);
}

/** The test as it is planned for everybody.
 *  @returns or in a sentence why there can be none */
export function planOf({ panel, champion, params }: Truth, model: string): Plan | string {
  const named = champion?.production;
  const plan = planFor(panel, {
    model,
    params,
    champion: named ? { version: named.version, digest: named.digest, train_end: named.train_end } : null,
  });
  if ('noNewDay' in plan)
    return 'The champion has learnt until the end of these data: there is no day to compare on.';
  if ('tooShort' in plan)
    return `${plan.have} ${panel.step}s are too few to train and to judge a model; ${plan.need} are needed.`;
  return plan;
}

/** Forecasts that hit the truth to the last digit where no other does were not made at a cutoff. */
function refuseTruth(challenger: ScoredForecasts, baselines: ScoredForecasts[]): void {
  const hits = Math.max(...baselines.map(shareOfHits), 0.25);
  if (shareOfHits(challenger) > 2 * hits)
    throw new Refusal(
      'Forged',
      'The submitted forecasts are the truth itself, to the last digit: nobody can have made them beforehand.',
    );
}

function shareOfHits({ truth, point }: ScoredForecasts): number {
  let hits = 0;
  let rows = 0;
  for (let row = 0; row < truth.length; row++) {
    if (Number.isNaN(truth[row]) || truth[row] === 0) continue;
    rows++;
    if (Math.abs(point[row] - truth[row]) <= 1e-9 * Math.abs(truth[row])) hits++;
  }
  return rows === 0 ? 0 : hits / rows;
}

function sameNumbers(a: ScoredForecasts, b: ScoredForecasts): boolean {
  return a.point.every((value, row) => Math.abs(value - b.point[row]) <= 1e-9 * (1 + Math.abs(value)));
}
