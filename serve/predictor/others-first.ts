import { setImmediate } from 'node:timers/promises';

/** Lets those who wait for an answer go first: one turn of the event loop. */
export async function othersFirst(): Promise<void> {
  await setImmediate();
}
