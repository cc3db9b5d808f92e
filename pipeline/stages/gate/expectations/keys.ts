import type { ExpectationResult } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result } from './expectation.ts';

/** One row a tract and step. Exact repeats were collapsed before; what is left contradicts itself. */
export function expectUniqueKeys(
  measured: Pick<Measurements, 'conflicts'>,
  keys: readonly string[],
): ExpectationResult {
  const { keys: conflicting, rows, examples } = measured.conflicts;
  return result('unique-keys', {
    passed: conflicting === 0,
    observed: conflicting,
    limit: 0,
    examples,
    hint:
      `${rows} rows share a key and differ; they are in quarantine, none of them was used. ` +
      (keys.length > 0
        ? `If ${keys.join(' and ')} does not name the place of a row, say what does: `
        : 'No column was found that tells the rows of one date apart; if one names their place, say so: ') +
      '`roles: { <column>: tract_id }` in params.yaml',
  });
}
