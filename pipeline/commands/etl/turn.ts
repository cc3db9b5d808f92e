import { UsageError } from '../../contracts/errors.ts';
import type { ModelParams } from '../../contracts/params.ts';

type Check = ModelParams['schedule']['check'];

const DAY_MS = 86_400_000;

/** Whether a model's turn has come: `schedule.check` counts hours, days or weeks of the portal's own calendar, so that
 *  a run that GitHub dropped or delayed is caught up by the next, whenever that is.
 *  @param input.checkedAt when what it published last was collected; null: never
 *  @throws UsageError on a time zone that does not exist */
export function turnHasCome(input: {
  check: Check;
  timezone: string;
  checkedAt: Date | null;
  now: Date;
}): boolean {
  const { check, timezone, checkedAt, now } = input;
  return checkedAt === null || period(now, check, timezone) > period(checkedAt, check, timezone);
}

/** Number of the hour, day or week (from Monday) that a moment lies in, by the clock on the portal's wall. */
function period(moment: Date, check: Check, timezone: string): number {
  const wall = onTheWall(moment, timezone);
  if (check === 'hourly') return Math.floor(wall / 3_600_000);
  const day = Math.floor(wall / DAY_MS);
  // The first of January 1970 was a Thursday.
  return check === 'daily' ? day : Math.floor((day + 3) / 7);
}

/** Milliseconds since 1970 that a clock there shows. */
function onTheWall(moment: Date, timeZone: string): number {
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = new Intl.DateTimeFormat('en-GB', { timeZone, ...FIELDS }).formatToParts(moment);
  } catch (cause) {
    throw new UsageError(`source.timezone: ${timeZone} is no time zone`, {
      cause,
      hint: 'write it as the IANA list does, such as Europe/Rome or UTC',
    });
  }
  const field = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'));
}

const FIELDS = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  hourCycle: 'h23',
} as const;
