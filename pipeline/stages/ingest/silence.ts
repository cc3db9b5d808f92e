import { parseDuration } from '../../contracts/duration.ts';

export interface Silence {
  /** When the portal last published something new. */
  since: string;
  expected_every: string;
}

/** A portal may be late once; when the publication after that is missing too, somebody should look. */
export const GRACE = 2;

/** @returns what to report of a portal that has published nothing new for more than twice `expectedEvery`, else null */
export function silence(lastNewAt: string, expectedEvery: string, now: Date): Silence | null {
  const silentMs = now.getTime() - Date.parse(lastNewAt);
  return silentMs > GRACE * parseDuration(expectedEvery)
    ? { since: lastNewAt, expected_every: expectedEvery }
    : null;
}
