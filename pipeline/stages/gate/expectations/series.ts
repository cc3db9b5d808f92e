import type { ExpectationResult, Severity } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result, share } from './expectation.ts';

/** Totals are corrected now and then; when this share of steps falls the column is no running total. */
export const MAX_FALLING_SHARE = 0.05;

/** Running totals do not fall, but for small corrections. What came back was masked before (a recorded repair). */
export function expectTotalsToGrow(
  measured: Pick<Measurements, 'totals'>,
  policy: { on_falling_total: Severity },
): ExpectationResult[] {
  return measured.totals.map(({ column, steps, falls, deep, masked, examples }) => {
    const often = share(falls, steps) > MAX_FALLING_SHARE;
    return result('falling-totals', {
      severity: often ? 'fail' : policy.on_falling_total,
      passed: !often && deep === 0,
      observed: falls,
      limit: Math.floor(steps * MAX_FALLING_SHARE),
      column,
      examples,
      hint: often
        ? `${column} falls at ${percent(share(falls, steps))} of its steps: it is no running total; write \`roles: { ${column}: … }\` into params.yaml`
        : `${deep} falls of 5 % or more that never came back${masked ? `, ${masked} cells that did were masked` : ''}; differences there are not learnt from`,
    });
  });
}

/** No series changes its level for good: a new definition, not an epidemic. */
export function expectSteadyLevels(
  measured: Pick<Measurements, 'levels'>,
  policy: { on_level_shift: Severity },
): ExpectationResult[] {
  if (measured.levels.length === 0) {
    return [result('level-shift', { severity: policy.on_level_shift, passed: true, observed: 0, limit: 0 })];
  }
  return measured.levels.map(({ column, at, ratio, score, tracts, evidence }) =>
    result('level-shift', {
      severity: policy.on_level_shift,
      passed: false,
      observed: `× ${ratio.toPrecision(3)} from ${at}`,
      limit: 'no jump for good',
      column,
      examples: [
        evidence ?? `median over ${tracts} tracts, ${score.toFixed(1)} times the usual week-to-week change`,
      ],
      hint: evidence
        ? `${column} was defined anew on ${at}: numbers before and after do not compare; the models see both`
        : `was ${column} defined anew around ${at}? Read the portal's notes; the models see both levels`,
    }),
  );
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
