/** The longest pause: a pack that was published meanwhile must be served within 15 minutes. */
const MOST_MS = 300_000;

/** How long to wait before the next question: the usual time while all is well, twice as long after each failure, and never at the
 *  same moment as all other services that follow the same source.
 *  @param failures in a row
 *  @param random uniform in [0, 1) */
export function pauseMs({
  usualMs,
  failures,
  random,
}: {
  usualMs: number;
  failures: number;
  random: number;
}): number {
  if (failures === 0) return usualMs * (0.9 + 0.2 * random);
  const longest = Math.max(usualMs, MOST_MS);
  return Math.min(longest, usualMs * 2 ** Math.min(failures, 20)) * (0.5 + 0.5 * random);
}
