import type { LossTable } from '../../contracts/losses.ts';
import type { PromotionParams } from '../../contracts/params.ts';
import type { Rule } from '../../contracts/promotion.ts';
import { compareLosses, type Difference } from '../../metrics/block-bootstrap.ts';
import { holm } from '../../metrics/holm.ts';
import { absoluteErrors, squaredErrors } from '../../metrics/losses.ts';
import { type Days, type Slice, slicesOf, wholeSlice } from './slices.ts';

interface Sides {
  ours: LossTable;
  theirs: LossTable;
  days: Days;
  blockDays: number;
  seed: number;
  policy: PromotionParams;
}

interface Examined {
  family: string;
  name: string;
  difference: Difference;
}

/**
 * What must not get worse: the main metric; the other metrics; every horizon, phase and tract with at least
 * `min_n` days. Worse = by more than `allowed_loss`, and beyond noise. The main metric is tested at `alpha`; all the
 * others together at `alpha`, Holm-corrected: among a hundred slices some look worse by chance.
 */
export function harmRules(sides: Sides): Rule[] {
  const { ours, theirs, days, policy } = sides;
  const losses = { challenger: ours.loss, reference: theirs.loss };
  const main = examineOne(sides, 'main metric', wholeSlice('main metric', days, losses));
  const { horizon, phase, tract } = slicesOf(ours, days, losses);
  const guarded = [
    ...otherMetrics(sides),
    ...examine(sides, 'horizon', horizon),
    ...examine(sides, 'phase', phase),
    ...examine(sides, 'tract', tract),
  ];
  const adjusted = holm(guarded.map(({ difference }) => difference.pWorse));
  const families = [...new Set(guarded.map(({ family }) => family))];
  return [
    ruleOf('main metric', [main], [main.difference.pWorse], policy),
    ...families.map((family) => {
      const members = guarded.flatMap((slice, i) =>
        slice.family === family ? [{ slice, p: adjusted[i] }] : [],
      );
      return ruleOf(
        family,
        members.map(({ slice }) => slice),
        members.map(({ p }) => p),
        policy,
      );
    }),
  ];
}

/** Metrics beside the main one, as far as both sides have them. MAE is WAPE with another denominator, the same for
 *  both sides. */
function otherMetrics(sides: Sides): Examined[] {
  const { ours, theirs, days, policy } = sides;
  const { metric } = policy;
  const by = (of: (table: LossTable) => Float64Array, name: string) =>
    wholeSlice(name, days, { challenger: of(ours), reference: of(theirs) });
  const absolute = (table: LossTable) => absoluteErrors(table.truth, table.forecast);
  const squared = (table: LossTable) => squaredErrors(table.truth, table.forecast);
  const others: Examined[] = [];
  if (metric !== 'wape' && metric !== 'mae') others.push(...examine(sides, 'mae', [by(absolute, 'mae')]));
  if (metric !== 'rmse') others.push(...examine(sides, 'rmse', [by(squared, 'rmse')], true));
  if (metric !== 'wis' && ours.wis.every(Number.isFinite) && theirs.wis.every(Number.isFinite))
    others.push(...examine(sides, 'wis', [by(({ wis }) => wis, 'wis')]));
  return others;
}

/** Too small a slice is not judged: it would fail or pass by chance. */
function examine(sides: Sides, family: string, slices: Slice[], root?: boolean): Examined[] {
  return slices
    .filter(({ days }) => days >= sides.policy.min_n)
    .map((slice) => examineOne(sides, family, slice, root));
}

function examineOne(
  { blockDays, seed, policy }: Sides,
  family: string,
  slice: Slice,
  root = policy.metric === 'rmse' && !['mae', 'wis'].includes(family),
): Examined {
  const options = { blockDays, seed, root, alpha: policy.alpha, resamples: 1000 };
  return { family, name: slice.name, difference: compareLosses(slice, options) };
}

function ruleOf(family: string, slices: Examined[], pValues: number[], policy: PromotionParams): Rule {
  const worse = slices.filter(
    ({ difference }, i) => -difference.estimate > policy.allowed_loss && pValues[i] < policy.alpha,
  );
  const [worst] = (worse.length > 0 ? worse : slices).toSorted((a, b) => lossOf(b) - lossOf(a));
  const loss = lossOf(worst);
  return {
    rule: `not-worse: ${family}`,
    passed: worse.length === 0,
    observed: Number.isFinite(loss) ? loss : null,
    limit: policy.allowed_loss,
    detail: [
      slices.length > 1 && `${slices.length} compared`,
      worse.length > 0 && worse[0].name !== family && `worse beyond noise: ${listed(worse)}`,
      worse.length === 0 && worst.name !== family && `the largest loss: ${worst.name}`,
      worse.length === 0 && loss > policy.allowed_loss && 'within noise',
    ]
      .filter((part) => part !== false)
      .join('; '),
  };
}

function listed(slices: Examined[]): string {
  const names = slices.slice(0, 5).map(({ name }) => name);
  return slices.length > 5 ? `${names.join(', ')} and ${slices.length - 5} more` : names.join(', ');
}

function lossOf({ difference }: Examined): number {
  return Number.isFinite(difference.estimate) ? -difference.estimate : -Infinity;
}
