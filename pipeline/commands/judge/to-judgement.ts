import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import type { Judgement, ReviewSubmission } from '../../contracts/review.ts';

const HEADLINES: Record<Promotion['outcome'], string> = {
  first: 'First model',
  better: 'Better',
  'not-better': 'Not better',
  worse: 'Worse',
  inconclusive: 'Inconclusive',
  refused: 'Refused',
};

/** The word on a model that was compared. Only here does a comparison become `success`.
 *  @param recomputed the judge's own verdict
 *  @param facts.needsPromotion it changes what is to be served: not worse is not enough
 *  @param facts.otherRules the rules of the decision were changed by the same pull request, so the submitted verdict is by others */
export function toJudgement(
  { promotion, metrics }: { promotion: Promotion; metrics: MetricsFile },
  submission: ReviewSubmission | null,
  facts: { needsPromotion: boolean; otherRules: boolean },
): Judgement {
  const { model, outcome } = promotion;
  const told = submission?.promotion ?? null;
  const notes = submission ? differences(submission, metrics, promotion.metric) : [];
  const judged = { model, promotion, metrics, gate: submission?.gate ?? null, override: null };
  if (facts.otherRules)
    notes.push('The rules of the decision are changed here; this was judged by those of the base branch.');
  // A report that says better than what is true was not made by this code from these data.
  if (told && !facts.otherRules && ((told.merge && !promotion.merge) || (told.promote && !promotion.promote)))
    return {
      ...judged,
      status: 'failure',
      headline: 'Forged or stale figures',
      reason: `The review says “${HEADLINES[told.outcome]}”; from its own forecasts it is “${HEADLINES[outcome]}”: ${promotion.reason}`,
      notes,
    };
  if (facts.needsPromotion && !promotion.promote)
    return {
      ...judged,
      status: 'failure',
      headline: HEADLINES[outcome],
      reason: `production.json names another version, and that is not better: ${promotion.reason}`,
      notes,
    };
  return {
    ...judged,
    status: promotion.merge ? 'success' : 'failure',
    headline: HEADLINES[outcome],
    reason: facts.needsPromotion ? promotion.reason : asTried(promotion.reason),
    notes,
  };
}

/** A review tries a recipe: what becomes the champion is trained after the merge. */
function asTried(reason: string): string {
  return reason.replace(
    /, so it (becomes the champion|is published)\.$/,
    '. Once merged into `test` it is trained as the candidate.',
  );
}

/** A word without a comparison. */
export function plainJudgement(
  model: string,
  status: Judgement['status'],
  { headline, reason, ...more }: { headline: string; reason: string } & Partial<Judgement>,
): Judgement {
  return {
    model,
    status,
    headline,
    reason,
    promotion: null,
    metrics: null,
    gate: null,
    notes: [],
    override: null,
    ...more,
  };
}

/** Rounding of two processors, not more. */
const SAME = 1e-6;

function differences(submission: ReviewSubmission, metrics: MetricsFile, metric: string): string[] {
  const notes: string[] = [];
  for (const role of ['challenger', 'champion'] as const) {
    const ours = scoreOf(metrics, role, metric);
    const theirs = submission.metrics && scoreOf(submission.metrics, role, metric);
    if (ours === null || theirs === null || theirs === undefined) continue;
    if (Math.abs(ours - theirs) <= SAME * Math.max(Math.abs(ours), Math.abs(theirs))) continue;
    notes.push(
      `The submitted ${metric} of the ${role} is ${theirs.toPrecision(4)}; recomputed it is ${ours.toPrecision(4)}, and that is what counts.`,
    );
  }
  return notes;
}

function scoreOf(metrics: MetricsFile, role: 'challenger' | 'champion', metric: string): number | null {
  const errors = metrics.models.find((model) => model.role === role)?.overall as
    | Record<string, number | null>
    | undefined;
  return errors?.[metric] ?? null;
}
