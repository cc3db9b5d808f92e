import type { Timing } from './retry.ts';

/** Holds requests back so that no minute sees more of them than the quota allows.
 *  @param perMinute may be a fraction: 0.5 is one request every two minutes */
export function pace(perMinute: number, timing: Timing): (signal?: AbortSignal) => Promise<void> {
  const burst = Math.max(1, Math.floor(perMinute));
  const windowMs = (60_000 * burst) / perMinute;
  const starts: number[] = [];
  return async (signal) => {
    const now = timing.elapsed();
    const oldest = starts.length >= burst ? starts.shift()! : undefined;
    const start = oldest === undefined ? now : Math.max(now, oldest + windowMs);
    starts.push(start);
    if (start > now) await timing.sleep(start - now, signal);
  };
}
