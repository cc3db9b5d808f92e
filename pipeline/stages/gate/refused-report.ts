import type { PerennialError } from '../../contracts/errors.ts';
import type { GateColumn, GateReport } from '../../contracts/gate.ts';
import { roleOfName } from './role-of-name.ts';

/** The report of a source that holds no table: one failure, the reader's own words. A header without rows is told
 *  column by column, as far as names alone tell. */
export function refusedReport(
  source: string,
  error: Pick<PerennialError, 'message' | 'hint' | 'facts'>,
): GateReport {
  return {
    passed: false,
    source,
    columns: namedColumns(error.facts.header),
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

function namedColumns(header: unknown): GateColumn[] {
  if (!Array.isArray(header)) return [];
  return header
    .map(String)
    .map((name) => ({ name, ...roleOfName(name), evidence: 'its name alone; there are no rows' }));
}
