import type { ExpectationResult, GateReport } from '../../contracts/gate.ts';

/** Expectations that were not met, in the order of the report. */
export function unmet(
  { expectations }: Pick<GateReport, 'expectations'>,
  severity: 'fail' | 'warn',
): ExpectationResult[] {
  return expectations.filter((one) => !one.passed && one.severity === severity);
}
