import type { FastifyRequest } from 'fastify';
import type { Prediction } from '../../pipeline/contracts/serving.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { askModel, countAsked, numbersOf } from './ask-model.ts';
import { fittingRows } from './ask-rows.ts';
import type { Edition } from './edition.ts';

/** What an edition answers to the rows of a request: checked, counted, and to be asked again of another edition.
 *  @throws ProblemError 422 where the rows do not fit the model */
export async function answerRows(
  edition: Edition,
  given: unknown[],
  { request, monitor }: { request: FastifyRequest; monitor: Monitor },
): Promise<Prediction[]> {
  const { model } = edition;
  const rows = fittingRows(given, model.served.request);
  const predictions = await askModel(edition, rows, { monitor });
  countAsked(monitor, model.name, predictions);
  request.again = (other) => numbersOf(other.model.served.predict(rows));
  return predictions;
}
