import type { GateReport } from '../../contracts/gate.ts';

/** The one place that decides. Everything that was found is in the report either way. */
export function verdict(report: Pick<GateReport, 'expectations' | 'anomalies'>): boolean {
  return (
    report.expectations.every(({ passed, severity }) => passed || severity !== 'fail') &&
    report.anomalies.every(({ severity }) => severity !== 'fail')
  );
}
