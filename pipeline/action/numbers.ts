import { z } from 'zod';
import { UsageError } from '../contracts/errors.ts';
import type { PromotionParams } from '../contracts/params.ts';
import type { Rule } from '../contracts/promotion.ts';
import { percent } from '../metrics/wording.ts';
import type { Decision } from '../stages/compare/decide.ts';

/** One metric of the file; numbers may be null where a model gave none. */
const Numbers = z.strictObject({
  direction: z.enum(['lower', 'higher']).default('lower'),
  challenger: z.number().nullable(),
  champion: z.number().nullable().optional(),
  baseline: z.number().nullable().optional(),
});

/** Metrics by name. */
export const NumbersFile = z
  .record(z.string().min(1).max(60), Numbers)
  .refine((metrics) => Object.keys(metrics).length > 0, 'expected at least one metric');
export type NumbersFile = z.infer<typeof NumbersFile>;

/** A decision on bare numbers: by how much, but not whether that is more than chance, for that takes predictions.
 *  @param metric the one that decides; '' where the file holds a single one
 *  @throws UsageError if the file does not hold it */
export function decideOnNumbers(
  file: NumbersFile,
  {
    model,
    metric,
    policy,
    digest,
  }: {
    model: string;
    metric: string;
    policy: Pick<PromotionParams, 'min_improvement' | 'allowed_loss'>;
    digest: string;
  },
): Decision {
  const names = Object.keys(file);
  const name = metric === '' && names.length === 1 ? names[0] : metric;
  const main = Object.hasOwn(file, name) ? file[name] : undefined;
  if (!main)
    throw new UsageError(`the metrics hold ${names.join(', ')}, not "${name}"`, {
      hint: 'say in the input `metric` which of them decides',
    });
  const { challenger } = main;
  const [champion, baseline] = [main.champion ?? null, main.baseline ?? null];
  const reference = champion ?? baseline;
  if (main.champion === undefined && main.baseline === undefined)
    throw new UsageError(`the metric ${name} has neither a champion nor a baseline`, {
      hint: 'a number without one beside it means nothing',
    });

  const rules: Rule[] = [finite(file)];
  const improvement = gain(main, challenger, reference);
  const known = rules[0].passed && improvement !== null;
  if (known) {
    for (const [other, numbers] of Object.entries(file)) {
      const change = gain(numbers, numbers.challenger, numbers.champion ?? numbers.baseline ?? null);
      if (change === null) continue;
      rules.push({
        rule: `not-worse: ${other === name ? 'main metric' : other}`,
        passed: change >= -policy.allowed_loss,
        observed: -change,
        limit: policy.allowed_loss,
        detail: '',
      });
    }
    if (baseline !== null)
      rules.push({
        rule: 'beats-baseline',
        passed: gain(main, challenger, baseline)! > 0,
        observed: challenger,
        limit: baseline,
        detail: '',
      });
    if (champion !== null)
      rules.push({
        rule: 'improves-enough',
        passed: improvement >= policy.min_improvement && improvement > 0,
        observed: improvement,
        limit: policy.min_improvement,
        detail: `relative improvement of ${name}`,
      });
  }
  const harmed = rules.some(({ rule, passed }) => rule.startsWith('not-worse') && !passed);
  const outcome = !known
    ? 'refused'
    : harmed
      ? 'worse'
      : rules.every(({ passed }) => passed)
        ? champion === null
          ? 'first'
          : 'better'
        : champion === null
          ? 'refused'
          : 'not-better';
  return {
    model,
    outcome,
    merge: outcome !== 'refused' && outcome !== 'worse',
    promote: outcome === 'first' || outcome === 'better',
    reason: reason(outcome, { name, improvement, against: champion === null ? 'baseline' : 'champion' }),
    rules,
    metric: name,
    challenger: { name: 'challenger', digest, score: challenger },
    champion: champion === null ? null : { name: 'champion', version: 'in use', digest, score: champion },
    baseline: { name: 'baseline', score: baseline },
    improvement: { estimate: improvement, low: null, high: null, smallest_visible: null },
    cutoffs: 0,
    look: { number: 1, alpha: 0.05 },
    policy,
  };
}

function finite(file: NumbersFile): Rule {
  const missing = Object.entries(file).flatMap(([name, numbers]) =>
    (['challenger', 'champion', 'baseline'] as const)
      .filter((side) => numbers[side] === null)
      .map((side) => `${side}'s ${name}`),
  );
  return {
    rule: 'finite-numbers',
    passed: missing.length === 0,
    observed: missing.length === 0 ? 'all there' : `missing: ${missing.join('; ')}`,
    limit: 'all there',
    detail: '',
  };
}

/** Relative improvement of ours on theirs; null where there is none. */
function gain({ direction }: NumbersFile[string], ours: number | null, theirs: number | null): number | null {
  if (ours === null || theirs === null || theirs === 0) return null;
  const change = (ours - theirs) / Math.abs(theirs);
  return direction === 'higher' ? change : -change;
}

function reason(
  outcome: Decision['outcome'],
  { name, improvement, against }: { name: string; improvement: number | null; against: string },
): string {
  if (improvement === null || (outcome === 'refused' && against === 'champion'))
    return 'No comparison: a number is missing, and a model that gives no number is never published.';
  const told = improvement >= 0 ? `${percent(improvement)} better` : `${percent(-improvement)} worse`;
  return `${name} is ${told} than the ${against}; bare numbers do not tell whether that is more than chance.`;
}
