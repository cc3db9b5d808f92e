import type { ExpectationResult } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result, share } from './expectation.ts';

interface RowPolicy {
  max_quarantined_share: number;
  max_row_loss: number;
}

/** There are rows at all, few of them bad, and not many fewer than last time.
 *  @param previousRows rows of the snapshot last accepted; null: there is none */
export function expectRows(
  measured: Pick<Measurements, 'counts' | 'quarantine'>,
  policy: RowPolicy,
  previousRows: number | null,
): ExpectationResult[] {
  const { counts } = measured;
  return [
    result('some-rows', {
      passed: counts.accepted > 0,
      observed: counts.accepted,
      limit: 1,
      hint: 'nothing could be used; the other failures tell why',
    }),
    result('rejected-rows', {
      severity: 'fail',
      passed: share(counts.rejected, counts.read) <= policy.max_quarantined_share,
      observed: share(counts.rejected, counts.read),
      limit: policy.max_quarantined_share,
      hint: 'lines with too few or too many cells: look at the quarantine file, or for an unquoted delimiter at the source',
    }),
    result('quarantined-rows', {
      passed: share(counts.quarantined, counts.read) <= policy.max_quarantined_share,
      observed: share(counts.quarantined, counts.read),
      limit: policy.max_quarantined_share,
      examples: measured.quarantine.map(({ reason, count }) => `${count} × ${reason}`),
      hint: 'mend them at the source or tell what the columns mean; `npm run pipeline -- readmit <model>` takes rows back that then pass',
    }),
    ...(previousRows === null ? [] : [rowCount(counts.read, previousRows, policy)]),
  ];
}

function rowCount(read: number, previous: number, policy: RowPolicy): ExpectationResult {
  const loss = previous > 0 ? 1 - read / previous : 0;
  return result('row-count', {
    passed: loss <= policy.max_row_loss,
    observed: read,
    limit: Math.ceil(previous * (1 - policy.max_row_loss)),
    hint: `the last snapshot had ${previous} rows: was the file cut off, or does it now hold a shorter period? Then raise \`max_row_loss\``,
  });
}
