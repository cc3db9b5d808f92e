import type { Edition } from './edition.ts';
import type { Again, Outcome } from './slots.ts';

/** Questions that wait; more are passed over: the shadow must not fall behind. */
const MOST_WAITING = 16;
/** Of the time, what the shadow may take from those who ask. */
const SHARE_OF_TIME = 0.2;

export interface Compared {
  champion: Outcome;
  challenger: Outcome;
  /** 0: the same answer; infinite: no number in the place of one. null: the one before fails here too. */
  difference: number | null;
}

/** Asks two editions the same, after the reply was sent and one question at a time, with pauses: nobody waits for it. */
export class Shadow {
  readonly #waiting: { again: Again; route: string }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  /** What was passed over. */
  skipped = 0;

  constructor(
    readonly editions: () => { champion: Edition; challenger: Edition },
    readonly onCompared: (compared: Compared) => void,
  ) {}

  ask(again: Again, route: string): void {
    if (this.#closed) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.skipped++;
      return;
    }
    this.#waiting.push({ again, route });
    if (!this.#timer) this.#wait(0);
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const next = this.#waiting.shift();
      if (!next || this.#closed) return;
      const began = performance.now();
      this.onCompared(this.#compare(next.again, next.route));
      const took = performance.now() - began;
      if (!this.#closed && this.#waiting.length > 0) this.#wait(took / SHARE_OF_TIME);
    }, ms);
    this.#timer.unref();
  }

  #compare(again: Again, route: string): Compared {
    const { champion, challenger } = this.editions();
    const before = timed(() => again(champion), route);
    const now = timed(() => again(challenger), route);
    const difference = before.answer === null ? null : differenceOf(before.answer, now.answer);
    return {
      champion: before.outcome,
      // What fails on both sides is the question's fault.
      challenger: before.answer === null ? { ...now.outcome, failed: false } : now.outcome,
      difference: now.answer === null ? null : difference,
    };
  }
}

/** Sum of the differences over the sum of the values, of the larger side: 0 … 2; infinite where one is no number or the answers
 *  are not as long. */
export function differenceOf(before: ArrayLike<number>, now: ArrayLike<number> | null): number {
  if (!now || now.length !== before.length) return Number.POSITIVE_INFINITY;
  let apart = 0;
  let one = 0;
  let other = 0;
  for (let at = 0; at < before.length; at++) {
    if (!Number.isFinite(now[at]) && Number.isFinite(before[at])) return Number.POSITIVE_INFINITY;
    if (!Number.isFinite(before[at])) continue;
    apart += Math.abs(before[at] - now[at]);
    one += Math.abs(before[at]);
    other += Math.abs(now[at]);
  }
  return apart === 0 ? 0 : apart / Math.max(one, other);
}

function timed(
  ask: () => ArrayLike<number>,
  route: string,
): { outcome: Outcome; answer: ArrayLike<number> | null } {
  const began = performance.now();
  let answer: ArrayLike<number> | null = null;
  try {
    answer = ask();
  } catch {
    // Counted as failed.
  }
  return { answer, outcome: { route, ms: performance.now() - began, failed: answer === null } };
}
