import type { LossTable } from '../../contracts/losses.ts';
import type { Rule } from '../../contracts/promotion.ts';
import type { DecideInput, Side } from './decide.ts';

/** All sides were scored on the very same rows and truths: another backtest says nothing about this one. */
export function sameDays(losses: LossTable[], roles: string[]): Rule {
  const missing = roles.filter((role) => !losses.some((table) => table.role === role));
  const [first, ...others] = losses;
  const different = others.find((table) => !sameRows(first, table));
  const rows = first?.truth.length ?? 0;
  return {
    rule: 'same-days',
    passed: missing.length === 0 && !different && rows > 0,
    observed: missing.length > 0 ? `no ${missing.join(', no ')}` : (different?.truth.length ?? rows),
    limit: rows,
    detail: different
      ? `${different.role} ${different.model} was scored on other rows than the ${first.role}`
      : 'forecasts scored, of each side',
  };
}

function sameRows(a: LossTable, b: LossTable): boolean {
  if (a.truth.length !== b.truth.length) return false;
  for (let row = 0; row < a.truth.length; row++) {
    if (
      a.tracts[a.tract[row]] !== b.tracts[b.tract[row]] ||
      a.cutoff[row] !== b.cutoff[row] ||
      a.horizon[row] !== b.horizon[row] ||
      a.truth[row] !== b.truth[row]
    )
      return false;
  }
  return true;
}

/** No side's metric or loss is missing or not a number: NaN would win every comparison it should lose. */
export function finiteNumbers({ challenger, champion, losses, policy }: DecideInput, baseline: Side): Rule {
  const { metric } = policy;
  const sides: [string, Side][] = [
    ['challenger', challenger],
    ...(champion ? [['champion', champion] as [string, Side]] : []),
    ['baseline', baseline],
  ];
  const missing = sides
    .filter(([, { errors }]) => !isNumber(errors[metric]))
    .map(([role]) => `${role}'s ${metric}`);
  // An interval score that the champion had cannot be lost on the way.
  const optional = champion?.errors.wis != null && challenger.errors.wis == null ? ["challenger's wis"] : [];
  const holes = losses.filter(
    ({ loss, forecast }) => !loss.every(Number.isFinite) || !forecast.every(Number.isFinite),
  );
  const found = [...missing, ...optional, ...holes.map(({ role, model }) => `forecasts of ${role} ${model}`)];
  return {
    rule: 'finite-numbers',
    passed: found.length === 0,
    observed: found.length === 0 ? 'all there' : `missing: ${found.join('; ')}`,
    limit: 'all there',
    detail: '',
  };
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
