import type { Monitor } from '../monitor/monitor.ts';
import type { Edition } from './edition.ts';

/** Counts answers of an edition. A metrics library finds a counter by its labels each time, which here would cost as much as the
 *  answer: so plain numbers are counted, and handed over when the metrics are read. */
export class AnswerCounts {
  #asked = 0;
  #tracts = 0;
  #outOfRange = 0;
  readonly #values: { observe(value: number): void };
  readonly #labels: { model: string; version: string };

  constructor(
    readonly monitor: Monitor,
    { model }: Edition,
  ) {
    this.#labels = { model: model.name, version: model.version.version };
    this.#values = monitor.predictionValue.labels(this.#labels);
  }

  /** A request that asked the model.
   *  @param outOfRange whether a tract of it lies outside of what the model has learnt from
   *  @param first the first value of the forecast, of an answer for one tract */
  add(tracts: number, outOfRange: boolean, first?: number): void {
    this.#asked++;
    this.#tracts += tracts;
    if (outOfRange) this.#outOfRange++;
    if (first !== undefined) this.#values.observe(first);
  }

  handOver(): void {
    if (this.#asked === 0) return;
    const { model } = this.#labels;
    this.monitor.asked.inc({ model }, this.#asked);
    this.monitor.predictions.inc(this.#labels, this.#tracts);
    this.monitor.outOfRange.inc({ model }, this.#outOfRange);
    this.#asked = 0;
    this.#tracts = 0;
    this.#outOfRange = 0;
  }
}

const made = new WeakMap<Monitor, { byEdition: WeakMap<Edition, AnswerCounts>; latest: AnswerCounts[] }>();
/** Editions whose counts are kept until the metrics are read: more come only where nobody reads them. */
const MOST = 16;

export function countsOf(monitor: Monitor, edition: Edition): AnswerCounts {
  let all = made.get(monitor);
  if (!all) {
    all = { byEdition: new WeakMap(), latest: [] };
    made.set(monitor, all);
    const { latest } = all;
    // Read before all others that are counted here: metrics are read in the order in which they were made.
    Object.assign(monitor.predictions, {
      collect() {
        for (const counts of latest) counts.handOver();
      },
    });
  }
  let counts = all.byEdition.get(edition);
  if (!counts) {
    counts = new AnswerCounts(monitor, edition);
    all.byEdition.set(edition, counts);
    all.latest.push(counts);
    if (all.latest.length > MOST) all.latest.shift()?.handOver();
  }
  return counts;
}
