import type { Monitor } from '../monitor/monitor.ts';
import type { Edition } from './edition.ts';

/** Counts answers of an edition; its labels are made once. */
export interface AnswerCounts {
  /** A request that asked the model.
   *  @param outOfRange whether a tract of it lies outside of what the model has learnt from */
  asked(tracts: number, outOfRange: boolean): void;
  value(point: number): void;
}

const made = new WeakMap<Monitor, WeakMap<Edition, AnswerCounts>>();

export function countsOf(monitor: Monitor, edition: Edition): AnswerCounts {
  let byEdition = made.get(monitor);
  if (!byEdition) {
    byEdition = new WeakMap();
    made.set(monitor, byEdition);
  }
  let counts = byEdition.get(edition);
  if (!counts) {
    counts = newCounts(monitor, edition);
    byEdition.set(edition, counts);
  }
  return counts;
}

function newCounts(monitor: Monitor, { model }: Edition): AnswerCounts {
  const labels = { model: model.name, version: model.version.version };
  const predictions = monitor.predictions.labels(labels);
  const values = monitor.predictionValue.labels(labels);
  const asked = monitor.asked.labels({ model: model.name });
  const outside = monitor.outOfRange.labels({ model: model.name });
  return {
    asked(tracts, outOfRange) {
      asked.inc();
      predictions.inc(tracts);
      if (outOfRange) outside.inc();
    },
    value: (point) => values.observe(point),
  };
}
