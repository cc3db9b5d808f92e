import type { ExpectationResult } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result, share } from './expectation.ts';

/** A count or coordinate outside what can be, up to this share, is masked and warned of; beyond, the column is not what it seems. */
export const MAX_OUTSIDE_SHARE = 0.05;
/** More tests than cases, more hospitalised than in intensive care: now and then broken by late reports. */
export const MAX_EXCEEDING_SHARE = 0.05;

/** Columns of numbers hold numbers. */
export function expectTypes(
  measured: Pick<Measurements, 'unreadable'>,
  policy: { max_quarantined_share: number },
): ExpectationResult[] {
  const results = measured.unreadable
    .filter(({ bad }) => bad > 0)
    .map(({ column, role, cells, bad, examples }) => {
      const observed = share(bad, cells);
      return result('types', {
        passed: observed <= policy.max_quarantined_share,
        observed,
        limit: policy.max_quarantined_share,
        column,
        examples,
        hint: `${column} was taken for ${role}; if it is not, write \`roles: { ${column}: other }\` into params.yaml`,
      });
    });
  if (results.length > 0) return results;
  return [result('types', { passed: true, observed: 0, limit: policy.max_quarantined_share })];
}

/** Latitudes within ±90, longitudes within ±180, counts not negative. */
export function expectRanges(measured: Pick<Measurements, 'outside'>): ExpectationResult[] {
  const results = measured.outside
    .filter(({ outside }) => outside > 0)
    .map(({ column, rule, cells, outside, examples }) => {
      const observed = share(outside, cells);
      return result('ranges', {
        severity: observed > MAX_OUTSIDE_SHARE ? 'fail' : 'warn',
        passed: false,
        observed,
        limit: rule,
        column,
        examples,
        hint:
          observed > MAX_OUTSIDE_SHARE
            ? `so many cannot be mistakes: tell what ${column} means with \`roles: { ${column}: … }\` in params.yaml`
            : `${outside} cells of ${column} are treated as unknown`,
      });
    });
  return results.length > 0 ? results : [result('ranges', { passed: true, observed: 0, limit: 0 })];
}

/** Tests cover cases, intensive care lies within hospitalised: plausibility, so it only warns. */
export function expectPlausible(measured: Pick<Measurements, 'exceeds'>): ExpectationResult[] {
  return measured.exceeds.map(({ rule, cells, exceeding, examples }) => {
    const observed = share(exceeding, cells);
    return result(rule, {
      severity: 'warn',
      passed: observed <= MAX_EXCEEDING_SHARE,
      observed,
      limit: MAX_EXCEEDING_SHARE,
      examples,
      hint: 'look whether both columns mean what the gate took them for',
    });
  });
}
