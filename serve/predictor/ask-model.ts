import type { Prediction, Row } from '../../pipeline/contracts/serving.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Edition } from './edition.ts';
import { othersFirst, SLICE_MS } from './others-first.ts';

const MOST_ROWS_A_CALL = 256;

/** Asks the model slice by slice, so that thousands of rows hold up nobody for long; a few are answered at once.
 *  @param rows as they fit the model's request
 *  @param options.onSlice is given the answers of each slice; throws to stop
 *  @returns one prediction a row */
export async function askModel(
  edition: Edition,
  rows: Row[],
  { monitor, onSlice }: { monitor: Monitor; onSlice?: (predictions: Prediction[], done: number) => void },
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  let size = 1;
  for (let from = 0; from < rows.length; ) {
    const began = performance.now();
    let slice = 0;
    // Calls grow until one takes as long as a turn may: what a row costs is the model's own.
    while (from < rows.length && slice < SLICE_MS) {
      const part = from === 0 && rows.length <= size ? rows : rows.slice(from, from + size);
      const answers = predictNow(edition, part, monitor);
      for (const answer of answers) predictions.push(answer);
      from += part.length;
      onSlice?.(answers, from);
      const before = slice;
      slice = performance.now() - began;
      if (slice - before < SLICE_MS / 4) size = Math.min(MOST_ROWS_A_CALL, 2 * size);
      else if (slice - before > SLICE_MS) size = Math.max(1, size >> 1);
    }
    if (from < rows.length) await othersFirst();
  }
  return predictions;
}

/** One call of the model, and what metrics tell of it. */
function predictNow({ model }: Edition, rows: Row[], monitor: Monitor): Prediction[] {
  const predictions = model.served.predict(rows);
  const labels = { model: model.name, version: model.version.version };
  monitor.batchRows.observe({ model: model.name }, rows.length);
  monitor.predictions.inc(labels, rows.length);
  const first = firstNumberOf(model);
  if (first === undefined) return predictions;
  for (const { outputs } of predictions) {
    const value = outputs[first][0];
    if (typeof value === 'number' && Number.isFinite(value)) monitor.predictionValue.observe(labels, value);
  }
  return predictions;
}

/** A request that asked a model, and whether any of its rows lies outside of what the model has learnt from. */
export function countAsked(monitor: Monitor, model: string, predictions: Prediction[]): void {
  monitor.asked.inc({ model });
  if (predictions.some(({ outOfRange }) => outOfRange.length > 0)) monitor.outOfRange.inc({ model });
}

/** All numbers of the answers, in order: for comparisons of two models. */
export function numbersOf(predictions: Prediction[]): number[] {
  const numbers: number[] = [];
  for (const { outputs } of predictions)
    for (const values of Object.values(outputs))
      for (const value of values) if (typeof value === 'number') numbers.push(value);
  return numbers;
}

function firstNumberOf({ served }: Edition['model']): string | undefined {
  return served.request.outputs.find(({ kind }) => kind === 'number')?.name;
}
