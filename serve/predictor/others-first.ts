import { setImmediate } from 'node:timers/promises';

/** How long work may hold up those who wait for an answer; then they go first. */
export const SLICE_MS = 4;

/** Lets those who wait for an answer go first: one turn of the event loop. */
export async function othersFirst(): Promise<void> {
  await setImmediate();
}
