import { CorruptError } from '../../contracts/errors.ts';
import type { LossTable } from '../../contracts/losses.ts';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Step } from '../../contracts/panel.ts';
import type { PromotionParams } from '../../contracts/params.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { HistoryEntry, Promotion } from '../../contracts/promotion.ts';
import { SEASON_STEPS } from '../../metrics/season-steps.ts';
import { barredBy, refusedAsBarred } from './barred.ts';
import { decide } from './decide.ts';
import { lookAt } from './history.ts';

export interface Comparison {
  model: string;
  metrics: MetricsFile;
  losses: LossTable[];
  plan: Plan;
  history: HistoryEntry[];
  policy: PromotionParams;
  horizons: number[];
  axis: { step: Step; stepMs: number };
  /** The challenger is one of the baselines. */
  isBaseline: boolean;
  /** Name of the challenger's recipe; null where it cannot be told. */
  recipe: string | null;
  decidedAt: string;
}

/** The decision on what evaluate found.
 *  @throws CorruptError if the metrics lack a side, or were made against another champion than the plan's */
export function promotionOf(comparison: Comparison): Promotion {
  const { model, metrics, losses, plan, history, policy, horizons, axis, isBaseline, decidedAt, recipe } =
    comparison;
  const challenger = metrics.models.find(({ role }) => role === 'challenger');
  const champion = metrics.models.find(({ role }) => role === 'champion');
  const baselines = metrics.models.filter(({ role }) => role === 'baseline');
  if (!challenger?.digest || baselines.length === 0)
    throw new CorruptError(`the metrics of ${model} have no challenger or no baseline`, { hint: AGAIN });
  if (champion?.digest !== plan.champion?.digest)
    throw new CorruptError(`the metrics of ${model} were made against another champion than its plan`, {
      hint: AGAIN,
    });
  const decision = decide({
    model,
    challenger: {
      name: challenger.name,
      digest: challenger.digest,
      isBaseline,
      errors: challenger.overall,
    },
    champion:
      champion && plan.champion
        ? {
            name: champion.name,
            version: plan.champion.version,
            digest: plan.champion.digest,
            errors: champion.overall,
          }
        : null,
    baselines: baselines.map(({ name, overall }) => ({ name, errors: overall })),
    losses,
    policy,
    look: plan.champion ? lookAt(plan.champion.version, history) : 1,
    blockMs: (Math.max(...horizons) + SEASON_STEPS[axis.step]) * axis.stepMs,
  });
  const bar = barredBy(history, { digest: challenger.digest, recipe });
  return { ...(bar ? refusedAsBarred(decision, bar) : decision), decided_at: decidedAt };
}

const AGAIN = 'run evaluate again';
