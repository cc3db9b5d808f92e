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
      `${rows} rows share a key and differ; they are in quarantine, none of them was used. If the key ` +
      `(${keys.join(', ')}) is not the right one, say which column is the tract: \`roles: { <column>: tract_id }\` in params.yaml`,
  });
}
