import type { Slot } from '../predictor/slots.ts';
import type { Swaps } from '../predictor/swaps.ts';
import type { State } from './state.ts';

interface Options {
  state: State;
  swaps: Swaps;
  now: () => Date;
  /** Digests of what there is without what is followed. */
  atHand: string[];
}

/**
 * Refuses bundles with which the service died again and again while they were loaded or on trial: else each start ends as the last
 * one did.
 * @returns digests that are the last resort: one has held before, and there is no other at hand
 */
export function refuseDeadly(
  slot: Pick<Slot, 'name'>,
  { state, swaps, now, atHand }: Options,
): ReadonlySet<string> {
  const { name } = slot;
  const deadly = state.attempts.deadly(name);
  const isDeadly = (digest: string) => deadly.some((one) => one.digest === digest);
  const hasOther = atHand.some((digest) => !isDeadly(digest) && !state.isRefused(name, digest));
  const lastResort = new Set<string>();
  for (const { digest, version, deaths, at: last } of deadly) {
    if (!hasOther && state.current(name)?.digest === digest) {
      lastResort.add(digest);
      continue;
    }
    const reason = `the service died ${deaths} times while it was loaded or on trial, the last time after ${last}: too little memory, a crash, or a loop that never ends`;
    const at = now().toISOString();
    // Other code may bear it.
    void state.refuse({ model: name, version, digest, reason, at }, { unreadable: true });
    void state.attempts.end(name, digest);
    swaps.refused('bundle', { to: version, reason });
  }
  return lastResort;
}
