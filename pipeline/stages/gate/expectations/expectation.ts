import type { ExpectationResult, Severity } from '../../../contracts/gate.ts';

/** Builds a result; examples are bounded, shares rounded so that reports stay readable. */
export function result(
  expectation: string,
  outcome: {
    severity?: Severity;
    passed: boolean;
    observed: number | string | null;
    limit: number | string | null;
    column?: string;
    examples?: string[];
    hint?: string;
  },
): ExpectationResult {
  const { severity = 'fail', examples = [], observed, hint, ...rest } = outcome;
  return {
    expectation,
    severity,
    ...rest,
    observed: typeof observed === 'number' ? rounded(observed) : observed,
    examples: examples.slice(0, 5),
    ...(hint && !outcome.passed ? { hint } : {}),
  };
}

/** @returns 0 where there is nothing to divide by: an empty file fails by other expectations */
export function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}
