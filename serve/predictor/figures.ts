import type { Outcome } from './slots.ts';

/** Times that are kept of each route, the newest. */
const KEPT = 512;
/** Outcomes by which the rate of failures is told, the newest. */
const OUTCOMES = 4096;
/** Routes come from our own list; a defect must not make them endless. */
const MOST_ROUTES = 50;

export interface RouteTimes {
  n: number;
  /** Milliseconds. */
  median: number;
  p95: number;
}

/** How one edition's answers went. Memory is bounded whatever comes. */
export class Figures {
  /** All, since it began. */
  requests = 0;
  failed = 0;
  readonly #times = new Map<string, Ring>();
  readonly #outcomes = new Ring(OUTCOMES);

  add({ route, ms, failed }: Outcome): void {
    this.requests++;
    if (failed) this.failed++;
    this.#outcomes.add(failed ? 1 : 0);
    // How fast it fails tells nothing.
    if (failed) return;
    let times = this.#times.get(route);
    if (!times) {
      if (this.#times.size >= MOST_ROUTES) return;
      times = new Ring(KEPT);
      this.#times.set(route, times);
    }
    times.add(ms);
  }

  /** Of the newest outcomes; 0 where there are none. */
  get errorRate(): number {
    const seen = this.#outcomes.values();
    return seen.length === 0 ? 0 : seen.reduce((sum, one) => sum + one, 0) / seen.length;
  }

  times(): Map<string, RouteTimes> {
    return new Map([...this.#times].map(([route, ring]) => [route, timesOf(ring.values())]));
  }
}

function timesOf(values: Float32Array): RouteTimes {
  const sorted = values.slice().sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { n: sorted.length, median: at(0.5), p95: at(0.95) };
}

class Ring {
  readonly #values: Float32Array;
  #added = 0;

  constructor(size: number) {
    this.#values = new Float32Array(size);
  }

  add(value: number): void {
    this.#values[this.#added++ % this.#values.length] = value;
  }

  values(): Float32Array {
    return this.#values.subarray(0, Math.min(this.#added, this.#values.length));
  }
}
