import type { MetricValue, Registry } from 'prom-client';

/** Values of labels that are kept; the ones that were first used longest ago go. */
const MOST_CHILDREN = 64;

export interface HistogramOptions<L extends string> {
  name: string;
  help: string;
  labelNames: readonly L[];
  /** Upper bounds, ascending. */
  buckets: readonly number[];
  registry: Registry;
}

/** One series of a histogram: to count a value is to add 1 to a number. */
export class HistogramChild {
  readonly counts: Float64Array;
  sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]) bucket++;
    this.counts[bucket]++;
    this.sum += value;
  }
}

/** A histogram for what every request counts. prom-client's own looks its series up by a text made from the labels at each value,
 *  which took a twentieth of the time of an answer; here whoever counts keeps the series. It stands in the same registry. */
export class FastHistogram<L extends string> {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #children = new Map<string, { labels: Record<L, string>; child: HistogramChild }>();

  constructor({ name, help, buckets, registry }: HistogramOptions<L>) {
    this.name = name;
    this.help = help;
    this.#bounds = buckets;
    registry.registerMetric(this as never);
  }

  /** The series of these labels; to be kept by the caller. */
  labels(labels: Record<L, string>): HistogramChild {
    const key = JSON.stringify(labels);
    const found = this.#children.get(key);
    if (found) return found.child;
    const child = new HistogramChild(this.#bounds);
    this.#children.set(key, { labels, child });
    if (this.#children.size > MOST_CHILDREN) this.#children.delete(this.#children.keys().next().value!);
    return child;
  }

  observe(labels: Record<L, string>, value: number): void {
    this.labels(labels).observe(value);
  }

  /** For the registry. */
  async get() {
    const { name, help, type, aggregator } = this;
    const values: (MetricValue<string> & { metricName: string })[] = [];
    for (const { labels, child } of this.#children.values()) {
      let cumulated = 0;
      child.counts.forEach((count, bucket) => {
        cumulated += count;
        const le = bucket < this.#bounds.length ? this.#bounds[bucket] : '+Inf';
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulated });
      });
      values.push({ metricName: `${name}_sum`, labels, value: child.sum });
      values.push({ metricName: `${name}_count`, labels, value: cumulated });
    }
    return { name, help, type, aggregator, values };
  }
}
