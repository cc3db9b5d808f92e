import type { FastifyRequest } from 'fastify';
import type { Prediction } from '../../pipeline/contracts/serving.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { ProblemError } from '../problem.ts';
import { askModel, countAsked, numbersOf } from './ask-model.ts';
import { fittingRows } from './ask-rows.ts';
import type { Edition } from './edition.ts';

/** What an edition answers to the rows of a request: checked, counted, and to be asked again of another edition.
 *  @param options.limitMs in which all of them must be answered
 *  @throws ProblemError 422 where the rows do not fit the model, 503 where there is no time left for more of them */
export async function answerRows(
  edition: Edition,
  given: unknown[],
  { request, monitor, limitMs }: { request: FastifyRequest; monitor: Monitor; limitMs: number },
): Promise<Prediction[]> {
  const { model } = edition;
  const rows = fittingRows(given, model.served.request);
  const until = performance.now() + limitMs;
  const onSlice = (_: Prediction[], done: number) => {
    if (done === rows.length || performance.now() < until) return;
    monitor.shed.inc({ reason: 'timeout' });
    throw new ProblemError('timeout', {
      status: 503,
      title: 'Not in time',
      detail: `${done} of ${rows.length} rows were answered in ${limitMs / 1000} s: the others were not begun`,
      facts: { hint: 'send fewer rows, or all of them as a job: POST /jobs takes the same body' },
    });
  };
  const predictions = await askModel(edition, rows, { monitor, onSlice });
  countAsked(monitor, model.name, predictions);
  request.again = (other) => numbersOf(other.model.served.predict(rows));
  return predictions;
}
