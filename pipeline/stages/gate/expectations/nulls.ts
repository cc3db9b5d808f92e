import type { ExpectationResult } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result, share } from './expectation.ts';

/** Sensor series (`value`) have holes by nature and features fill them: up to this share they only warn. */
export const SENSOR_NULL_SHARE = 0.1;

/** Date, tract and target are there in (nearly) every row. */
export function expectFewNulls(
  measured: Pick<Measurements, 'nulls'>,
  policy: { max_null_share: number },
): ExpectationResult[] {
  return measured.nulls.map(({ column, role, cells, nulls, examples }) => {
    const observed = share(nulls, cells);
    const passed = observed <= policy.max_null_share;
    const sensor = role === 'value' && observed <= SENSOR_NULL_SHARE;
    return result('null-share', {
      severity: sensor ? 'warn' : 'fail',
      passed,
      observed,
      limit: policy.max_null_share,
      column,
      examples,
      hint: sensor
        ? `the holes will be filled and marked; nothing is scored on them`
        : `mend ${column} at its source, or allow more with \`gate: { max_null_share: ${ceilTo(observed)} }\` in params.yaml`,
    });
  });
}

function ceilTo(value: number): number {
  return Math.min(1, Math.ceil(value * 100) / 100);
}
