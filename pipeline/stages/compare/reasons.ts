import type { Rule } from '../../contracts/promotion.ts';
import { daysOfForecasts } from '../../metrics/wording.ts';
import type { DecideInput, Findings } from './decide.ts';

/** One sentence, for somebody who has never seen the code. */
export function reasonFor(input: DecideInput, findings: Findings): string {
  const { outcome } = findings;
  if (outcome === 'first') return first(input, findings);
  if (outcome === 'refused') return refused(input, findings);
  if (outcome === 'worse') return worse(input, findings);
  if (outcome === 'better') return better(input, findings);
  if (outcome === 'not-better') return notBetter(input, findings);
  return inconclusive(input, findings);
}

function first({ challenger }: DecideInput, { baseline, difference, cutoffs }: Findings): string {
  if (challenger.isBaseline)
    return `No model beat the baseline, so the baseline ${challenger.name} itself is published as the first version.`;
  return `First model: ${challenger.name} forecasts ${share(difference.estimate)} better than the baseline ${baseline.name} over ${daysOfForecasts(cutoffs)}, so it is published.`;
}

function refused({ challenger, policy }: DecideInput, { baseline, rules }: Findings): string {
  const broken = rules.find(({ passed }) => !passed);
  if (broken?.rule === 'same-days')
    return `No comparison: the models were not scored on the same days (${text(broken)}).`;
  if (broken?.rule === 'finite-numbers')
    return `No comparison: numbers are ${broken.observed}; a model that gives no number is never published.`;
  return `${challenger.name} loses to the baseline ${baseline.name} (${policy.metric} ${score(challenger.errors[policy.metric])} against ${score(baseline.errors[policy.metric])}), so it is not published.`;
}

function worse({ challenger, champion, policy }: DecideInput, { difference, rules }: Findings): string {
  const harm = rules.filter(({ rule, passed }) => rule.startsWith('not-worse') && !passed);
  const main = harm.some(({ rule }) => rule === 'not-worse: main metric');
  if (main)
    return `${challenger.name} forecasts ${share(-difference.estimate)} worse than the champion ${champion?.version}: more than the ${share(policy.allowed_loss)} allowed and beyond noise, so the champion stays.`;
  const parts = harm.map((rule) => `${rule.rule.slice('not-worse: '.length)} (${text(rule)})`);
  return `${challenger.name} does harm in part: ${parts.join('; ')}; the champion ${champion?.version} stays.`;
}

function better({ challenger, champion, look }: DecideInput, { difference, cutoffs }: Findings): string {
  const tries = look === 1 ? '' : `, at the ${ordinal(look)} try`;
  return `${challenger.name} forecasts ${share(difference.estimate)} better than the champion ${champion?.version} (${range(difference)}) over ${daysOfForecasts(cutoffs)}${tries}: beyond noise, so it becomes the champion.`;
}

function notBetter(
  { challenger, champion, policy }: DecideInput,
  { difference, baseline, rules }: Findings,
): string {
  const stays = `so the champion ${champion?.version} stays`;
  if (rules.some(({ rule, passed }) => rule === 'beats-baseline' && !passed))
    return `${challenger.name} does not beat the baseline ${baseline.name}, ${stays}.`;
  if (Math.abs(difference.estimate) <= ROUNDING)
    return `${challenger.name} forecasts exactly as well as the champion, ${stays}.`;
  if (difference.low > 0)
    return `${challenger.name} is better by ${share(difference.estimate)}, less than the ${share(policy.min_improvement)} that a change must bring, ${stays}.`;
  return `${challenger.name} is no better than the champion (${signed(difference.estimate)}, ${range(difference)}), ${stays}.`;
}

/** What two processors make of the same forecasts: no difference, of which a range of 0.0 % would only confuse. */
const ROUNDING = 1e-6;

function inconclusive(
  { challenger, champion, policy }: DecideInput,
  { difference, cutoffs, rules }: Findings,
): string {
  const kept = champion ? `the champion ${champion.version} stays` : 'nothing is published';
  const few = rules.find(({ rule, passed }) => rule === 'enough-cutoffs' && !passed);
  if (few)
    return cutoffs < policy.min_cutoffs
      ? `Too little data to tell: ${daysOfForecasts(cutoffs)}, ${policy.min_cutoffs} are needed; ${kept} for now.`
      : `Too little data to tell: ${few.detail}; ${kept} for now.`;
  return `Cannot be told from the data: ${challenger.name} looks ${signed(difference.estimate)} (${range(difference)}); this test would have seen an improvement of ${share(difference.smallestVisible)} or more; ${kept}.`;
}

function text({ observed, detail }: Rule): string {
  return detail || String(observed);
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function signed(value: number): string {
  return value < 0 ? `${share(-value)} worse` : `${share(value)} better`;
}

function range({ low, high }: { low: number; high: number }): string {
  return `between ${signed(low)} and ${signed(high)}`;
}

function score(value: number | null): string {
  return value === null ? 'none' : value.toPrecision(4);
}

function ordinal(n: number): string {
  const ending = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}
