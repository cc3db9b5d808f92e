import type { LossTable } from '../../contracts/losses.ts';
import type { Errors } from '../../contracts/metrics.ts';
import type { PromotionParams } from '../../contracts/params.ts';
import type { Promotion, Rule } from '../../contracts/promotion.ts';
import { alphaAtLook } from '../../metrics/alpha-spending.ts';
import { compareLosses, type Difference } from '../../metrics/block-bootstrap.ts';
import { harmRules } from './harm-rules.ts';
import { reasonFor } from './reasons.ts';
import { daysOf, wholeSlice } from './slices.ts';
import { finiteNumbers, sameDays } from './validity-rules.ts';

export interface Side {
  name: string;
  errors: Errors;
}

export interface DecideInput {
  model: string;
  challenger: Side & { digest: string; isBaseline: boolean };
  champion: (Side & { version: string; digest: string }) | null;
  /** At least one; the strongest of them is the one to beat. */
  baselines: Side[];
  /** Rows of the challenger, of the champion where there is one, and of every baseline. */
  losses: LossTable[];
  policy: PromotionParams;
  /** Which look at this champion this is, from 1. */
  look: number;
  /** Length of a block: the longest horizon and a season, in milliseconds. */
  blockMs: number;
}

export type Decision = Omit<Promotion, 'decided_at'>;

/** Everything the reason is told from. */
export interface Findings {
  outcome: Promotion['outcome'];
  baseline: Side;
  /** Of the challenger from the champion; from the baseline for a first model. */
  difference: Difference;
  rules: Rule[];
  cutoffs: number;
  alpha: number;
}

/**
 * Is the challenger not worse than the allowed loss (`merge`), and is it better (`promote`)?
 *
 * *Better*: by at least `min_improvement`, and beyond noise: the interval at this look's level lies above 0.
 * *Worse*: by more than `allowed_loss`, and beyond noise, at level `alpha` for the main metric, Holm-corrected for the
 * other metrics and the slices. What is neither merges and does not promote. NaN, a missing metric, or sides
 * scored on different rows do neither. A tie keeps the champion.
 */
export function decide(input: DecideInput): Decision {
  const { challenger, champion, policy } = input;
  const { metric } = policy;
  const baseline = strongest(input.baselines, metric);
  const findings = examine(input, baseline);
  const { outcome, difference } = findings;
  return {
    model: input.model,
    outcome,
    merge: outcome !== 'refused' && outcome !== 'worse',
    promote: outcome === 'first' || outcome === 'better',
    reason: reasonFor(input, findings),
    rules: findings.rules,
    metric,
    challenger: { name: challenger.name, digest: challenger.digest, score: challenger.errors[metric] },
    champion: champion && {
      name: champion.name,
      version: champion.version,
      digest: champion.digest,
      score: champion.errors[metric],
    },
    baseline: { name: baseline.name, score: baseline.errors[metric] },
    improvement: {
      estimate: maybe(difference.estimate),
      low: maybe(difference.low),
      high: maybe(difference.high),
      smallest_visible: maybe(difference.smallestVisible),
    },
    cutoffs: findings.cutoffs,
    look: { number: champion ? input.look : 1, alpha: findings.alpha },
    policy: Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined)),
  };
}

function examine(input: DecideInput, baseline: Side): Findings {
  const { challenger, champion, policy, losses } = input;
  const alpha = alphaAtLook(policy.alpha, champion ? input.look : 1);
  const ours = losses.find(({ role }) => role === 'challenger');
  const theirs = losses.find(({ role, model }) =>
    champion ? role === 'champion' : role === 'baseline' && model === baseline.name,
  );
  const validity = [
    sameDays(losses, ['challenger', ...(champion ? ['champion'] : []), 'baseline']),
    finiteNumbers(input, baseline),
  ];
  if (!ours || !theirs || validity.some(({ passed }) => !passed))
    return { outcome: 'refused', baseline, difference: UNKNOWN, rules: validity, cutoffs: 0, alpha };

  const days = daysOf(ours);
  const blockDays = Math.max(1, Math.ceil(input.blockMs / (days.spacingMs || input.blockMs)));
  const noise = { blockDays, seed: SEED, root: policy.metric === 'rmse' };
  const whole = wholeSlice(policy.metric, days, { challenger: ours.loss, reference: theirs.loss });
  const difference = compareLosses(whole, { ...noise, alpha });

  const enough = enoughCutoffs(days.count, { difference, blockDays, policy });
  const harm = champion ? harmRules({ ours, theirs, days, blockDays, seed: SEED, policy }) : [];
  const beats = beatsBaseline(challenger, baseline, policy.metric);
  const gains = champion ? gainRules(difference, alpha, policy) : [];
  return {
    outcome: champion
      ? againstChampion({ enough, harm, beats, gains, difference, policy })
      : asFirst({ enough, beats, isBaseline: challenger.isBaseline }),
    baseline,
    difference,
    rules: [...validity, enough, ...harm, beats, ...gains],
    cutoffs: days.count,
    alpha,
  };
}

interface Rules {
  enough: Rule;
  harm: Rule[];
  beats: Rule;
  gains: Rule[];
}

function againstChampion({
  enough,
  harm,
  beats,
  gains,
  difference,
  policy,
}: Rules & { difference: Difference; policy: PromotionParams }): Promotion['outcome'] {
  if (!enough.passed) return 'inconclusive';
  if (harm.some(({ passed }) => !passed)) return 'worse';
  if (beats.passed && gains.every(({ passed }) => passed)) return 'better';
  // What the interval rules out is known; what it leaves open is not.
  const leftOpen = difference.low <= 0 && difference.high >= policy.min_improvement;
  return leftOpen && difference.standardError > 0 && beats.passed ? 'inconclusive' : 'not-better';
}

function asFirst({
  enough,
  beats,
  isBaseline,
}: Pick<Rules, 'enough' | 'beats'> & { isBaseline: boolean }): Promotion['outcome'] {
  if (isBaseline) return 'first';
  if (!enough.passed) return 'inconclusive';
  return beats.passed ? 'first' : 'refused';
}

/** A fixed seed: the same losses always get the same answer. */
const SEED = 1;

const UNKNOWN: Difference = {
  estimate: NaN,
  standardError: NaN,
  low: NaN,
  high: NaN,
  pBetter: NaN,
  pWorse: NaN,
  smallestVisible: NaN,
  effectiveBlocks: 0,
};

function enoughCutoffs(
  cutoffs: number,
  { difference, blockDays, policy }: { difference: Difference; blockDays: number; policy: PromotionParams },
): Rule {
  const told = !Number.isNaN(difference.standardError);
  return {
    rule: 'enough-cutoffs',
    passed: cutoffs >= policy.min_cutoffs && told,
    observed: cutoffs,
    limit: policy.min_cutoffs,
    detail: told ? '' : `the noise cannot be told: it takes more than two blocks of ${blockDays} cutoffs`,
  };
}

function beatsBaseline(
  challenger: DecideInput['challenger'],
  baseline: Side,
  metric: PromotionParams['metric'],
): Rule {
  const [ours, limit] = [challenger.errors[metric], baseline.errors[metric]];
  return {
    rule: 'beats-baseline',
    passed: challenger.isBaseline || (ours !== null && limit !== null && ours < limit),
    observed: ours,
    limit,
    detail: challenger.isBaseline ? 'it is a baseline itself' : `against ${baseline.name}`,
  };
}

function gainRules(
  difference: Difference,
  alpha: number,
  { metric, min_improvement }: PromotionParams,
): Rule[] {
  return [
    {
      rule: 'improves-enough',
      passed: difference.estimate >= min_improvement,
      observed: maybe(difference.estimate),
      limit: min_improvement,
      detail: `relative improvement of ${metric}`,
    },
    {
      rule: 'beyond-noise',
      passed: difference.low > 0,
      observed: maybe(difference.low),
      limit: 0,
      detail: `lower end of the interval at this look's level ${alpha.toPrecision(2)}`,
    },
  ];
}

/** The baseline with the lowest score; the first named where none can be told. */
function strongest(baselines: Side[], metric: PromotionParams['metric']): Side {
  return baselines.reduce((best, side) =>
    (side.errors[metric] ?? Infinity) < (best.errors[metric] ?? Infinity) ? side : best,
  );
}

function maybe(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
