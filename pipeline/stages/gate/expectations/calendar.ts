import type { ExpectationResult, Severity } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result, share } from './expectation.ts';

/** So many tracts may have long holes of their own before the whole snapshot is refused. */
export const MAX_HOLED_TRACTS = 0.1;

/** No steps missing beyond what is allowed, overall and per tract. */
export function expectFewMissingDays(
  measured: Pick<Measurements, 'calendar' | 'tracts'>,
  policy: { max_missing_days: number },
): ExpectationResult[] {
  const { calendar, tracts } = measured;
  const holed = calendar.worst.filter(({ missing }) => missing > policy.max_missing_days);
  const holedShare = share(holed.length, tracts.count);
  return [
    result('missing-days', {
      passed: calendar.missing <= policy.max_missing_days,
      observed: calendar.missing,
      limit: policy.max_missing_days,
      examples: calendar.examples,
      hint: `${calendar.missing} ${calendar.step}s have no row at all; allow them with \`gate: { max_missing_days: ${calendar.missing} }\``,
    }),
    result('missing-days-per-tract', {
      severity: holedShare > MAX_HOLED_TRACTS ? 'fail' : 'warn',
      passed: holed.length === 0,
      observed: holed.length,
      limit: 0,
      examples: holed.map(({ id, name, missing, first }) => `${label(id, name)}: ${missing} from ${first}`),
      hint: `tracts with more than ${policy.max_missing_days} ${calendar.step}s missing; the holes are filled, marked and never scored`,
    }),
  ];
}

/** The newest row is young enough. Looking at an old file by itself is no failure: `asked` false ignores it. */
export function expectFresh(
  measured: Pick<Measurements, 'lastTime'>,
  policy: { max_age: string; on_stale: Severity },
  clock: { now: Date; asked: boolean },
): ExpectationResult {
  const age = measured.lastTime === null ? null : clock.now.getTime() - Date.parse(measured.lastTime);
  return result('freshness', {
    severity: clock.asked ? policy.on_stale : 'ignore',
    passed: age === null || age <= milliseconds(policy.max_age),
    observed: age === null ? null : `${Math.max(0, Math.round(age / 86_400_000))}d`,
    limit: policy.max_age,
    examples: measured.lastTime === null ? [] : [`last row: ${measured.lastTime}`],
    hint: 'ask the portal whether it still publishes here; the champion goes on with what it knows',
  });
}

/** Days that have not been yet are put into quarantine; a clock or a date form is wrong somewhere. */
export function expectNoFuture(
  measured: Pick<Measurements, 'futureRows' | 'counts'>,
  policy: { max_quarantined_share: number },
): ExpectationResult {
  const { rows, latest } = measured.futureRows;
  return result('future-dates', {
    severity: share(rows, measured.counts.read) > policy.max_quarantined_share ? 'fail' : 'warn',
    passed: rows === 0,
    observed: rows,
    limit: 0,
    examples: latest === null ? [] : [`latest: ${latest}`],
    hint: 'are day and month swapped? These rows are in quarantine',
  });
}

/** @param duration such as 30m, 6h, 1d, 2w (contracts/params.ts) */
export function milliseconds(duration: string): number {
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[duration.slice(-1)];
  if (unit === undefined) throw new RangeError(`expected a duration such as 2d, got ${duration}`);
  return Number.parseFloat(duration) * unit;
}

function label(id: string, name: string): string {
  return name && name !== id ? `${name} (${id})` : id;
}
