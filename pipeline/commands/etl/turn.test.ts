import { expect, it } from 'vitest';
import { UsageError } from '../../contracts/errors.ts';
import { turnHasCome } from './turn.ts';

const ask = (check: 'hourly' | 'daily' | 'weekly', last: string | null, now: string, timezone = 'UTC') =>
  turnHasCome({ check, timezone, checkedAt: last === null ? null : new Date(last), now: new Date(now) });

it('looks at once at what was never looked at', () => {
  expect(ask('weekly', null, '2026-07-01T00:00:00Z')).toBe(true);
});

it.each([
  ['hourly', '2026-07-01T10:59:00Z', '2026-07-01T11:01:00Z', true],
  ['hourly', '2026-07-01T10:01:00Z', '2026-07-01T10:59:00Z', false],
  ['daily', '2026-07-01T00:05:00Z', '2026-07-01T23:55:00Z', false],
  ['daily', '2026-07-01T23:55:00Z', '2026-07-02T00:05:00Z', true],
  // A Sunday and the Monday after it.
  ['weekly', '2026-07-05T22:00:00Z', '2026-07-06T06:17:00Z', true],
  ['weekly', '2026-06-29T06:17:00Z', '2026-07-05T23:59:00Z', false],
  // Runs that were dropped for two weeks are caught up by the next.
  ['weekly', '2026-06-29T06:17:00Z', '2026-07-15T06:17:00Z', true],
] as const)('%s: looked at %s, now %s: %s', (check, last, now, turn) => {
  expect(ask(check, last, now)).toBe(turn);
});

it('counts days on the portal’s wall, not in Greenwich', () => {
  // 22:30 and 00:30 in Rome: two days there, one day in Greenwich.
  expect(ask('daily', '2026-07-01T20:30:00Z', '2026-07-01T22:30:00Z', 'Europe/Rome')).toBe(true);
  expect(ask('daily', '2026-07-01T20:30:00Z', '2026-07-01T22:30:00Z', 'UTC')).toBe(false);
  // 20:00 and 23:00 of one day in New York, two days in Greenwich.
  expect(ask('daily', '2026-07-02T00:00:00Z', '2026-07-02T03:00:00Z', 'America/New_York')).toBe(false);
  // The night in which Rome's clocks go back.
  expect(ask('hourly', '2026-10-25T00:30:00Z', '2026-10-25T02:30:00Z', 'Europe/Rome')).toBe(true);
});

it('names a time zone that does not exist', () => {
  expect(() => ask('daily', '2026-07-01T00:00:00Z', '2026-07-02T00:00:00Z', 'Rome')).toThrow(UsageError);
});
