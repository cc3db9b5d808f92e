import type { MetricPoint } from './answers.ts';
import { checkedKey, cut, LIMITS } from './limits.ts';
import type { Batch } from './mlflow.ts';
import { listed } from './outcomes.ts';

/** One request's worth, as `runs/log-batch` takes it. */
export interface Load {
  metrics: MetricPoint[];
  params: { key: string; value: string }[];
  tags: { key: string; value: string }[];
}

/** Splits a batch at the server's limits into as few requests as can be.
 *  @throws MlflowError `invalid` for a key that is not allowed */
export function loads({ metrics = [], params = {}, tags = {} }: Batch): Load[] {
  const waiting = {
    params: Object.entries(params).map(([key, value]) => ({
      key: checkedKey(key, 'parameter'),
      value: cut(String(value), LIMITS.param),
    })),
    tags: listed(tags),
    metrics: distinct(metrics),
  };
  const all: Load[] = [];
  while (waiting.params.length + waiting.tags.length + waiting.metrics.length > 0) {
    const room = { items: LIMITS.batchInAll as number, bytes: LIMITS.batchBytes - ENVELOPE };
    const params = take(waiting.params, LIMITS.batchParams, room);
    const tags = take(waiting.tags, LIMITS.batchTags, room);
    all.push({ params, tags, metrics: take(waiting.metrics, LIMITS.batchMetrics, room) });
  }
  return all;
}

/** Braces, field names, the run's id. */
const ENVELOPE = 1_000;

/** Removes from the front of `from` what fits. One item always fits: keys and values have limits of their own. */
function take<T>(from: T[], most: number, room: { items: number; bytes: number }): T[] {
  let count = 0;
  while (count < Math.min(most, from.length) && room.items > 0) {
    const bytes = sizeOf(from[count]);
    if (bytes > room.bytes) break;
    room.items--;
    room.bytes -= bytes;
    count++;
  }
  return from.splice(0, count);
}

/** Servers measure after writing the JSON again, in ASCII. */
function sizeOf(item: unknown): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return JSON.stringify(item).replace(/[^\x00-\x7f]/g, '......').length + 1;
}

/** The same point twice in one request is refused by 2.22 where it is NaN. */
function distinct(points: MetricPoint[]): MetricPoint[] {
  const seen = new Map<string, MetricPoint>();
  for (const { key, value, timestamp, step } of points) {
    const point = {
      key: checkedKey(key, 'metric'),
      value,
      timestamp: Math.round(timestamp),
      step: Math.round(step),
    };
    seen.set(`${key}\n${value}\n${point.timestamp}\n${point.step}`, point);
  }
  return [...seen.values()];
}
