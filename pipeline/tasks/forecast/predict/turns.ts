/** Work that gives way after each small part of it, and its result. */
export type Turns<T> = Generator<void, T>;

/** How long one turn may take, about: who waits for an answer waits that much longer. */
const TURN_MS = 0.3;

/** All of it at once. */
export function drained<T>(work: Turns<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** All of it, others in between.
 *  @param turn resolves when they had theirs, such as a timer of node:timers/promises */
export async function inTurns<T>(work: Turns<T>, turn: () => Promise<unknown>): Promise<T> {
  for (let began = performance.now(); ; ) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - began < TURN_MS) continue;
    await turn();
    began = performance.now();
  }
}
