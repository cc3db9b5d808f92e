import type { PerennialError } from '../../contracts/errors.ts';
import type { GateReport } from '../../contracts/gate.ts';

/** The report of a source that holds no table: one failure, the reader's own words. */
export function refusedReport(source: string, error: PerennialError): GateReport {
  return {
    passed: false,
    source,
    columns: [],
    expectations: [
      {
        expectation: 'readable-table',
        severity: 'fail',
        passed: false,
        observed: error.message,
        limit: 'a header and rows',
        examples: [],
        ...(error.hint ? { hint: error.hint } : {}),
      },
    ],
    anomalies: [],
    repairs: [],
    rows: 0,
    quarantined: 0,
    tracts: 0,
    first_time: null,
    last_time: null,
  };
}
