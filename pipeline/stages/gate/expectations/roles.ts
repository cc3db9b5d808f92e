import type { ExpectationResult } from '../../../contracts/gate.ts';
import { result } from './expectation.ts';

/** A column that matters and whose meaning the gate could not tell well enough. */
export interface RoleProblem {
  /** null: no column was found for a role that must be there. */
  column: string | null;
  role: string;
  confidence: number;
  /** The line for `params.yaml`. */
  line: string;
}

/** Every column that matters is understood well enough to act on it. */
export function expectClearRoles(
  problems: readonly RoleProblem[],
  policy: { min_confidence: number },
): ExpectationResult[] {
  if (problems.length === 0) {
    return [result('column-roles', { passed: true, observed: 0, limit: 0 })];
  }
  return problems.map(({ column, role, confidence, line }) =>
    result('column-roles', {
      passed: false,
      observed: confidence,
      limit: policy.min_confidence,
      ...(column === null ? {} : { column }),
      examples: [column === null ? `no column looks like ${role}` : `${column} might be ${role}`],
      hint: `write into params.yaml: ${line}`,
    }),
  );
}
