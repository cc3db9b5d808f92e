import { setImmediate, setTimeout } from 'node:timers/promises';

/** How long work may hold up those who wait for an answer; then they go first. */
export const SLICE_MS = 4;

/** Lets those who wait for an answer go first: one turn of the event loop. */
export async function othersFirst(): Promise<void> {
  await setImmediate();
}

/** A thirtieth of the time is work then, whatever else waits for the processor. */
const PAUSE_MS = 10;

/** The same for work in no hurry, such as a swap: an answer is held up by one of its turns at most, and seldom. */
export async function othersMostly(): Promise<void> {
  await setTimeout(PAUSE_MS);
}
