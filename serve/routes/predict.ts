import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { askModel, countAsked, numbersOf } from '../predictor/ask-model.ts';
import { askedIn, fittingRows } from '../predictor/ask-rows.ts';
import { told } from '../predictor/told.ts';

/** `POST /predict`: rows of any model that is served. */
export const predictRoute: FastifyPluginAsync<Parts> = async (app, { slots, settings, monitor }) => {
  app.post('/predict', async (request, reply) => {
    const asked = askedIn(request.body, settings);
    const slot = slots.of(asked.model);
    const edition = answerWith(slot, request, reply);
    const { model } = edition;
    const rows = fittingRows(asked.rows, model.served.request);
    const predictions = await askModel(edition, rows, { monitor });
    countAsked(monitor, model.name, predictions);
    request.again = (other) => numbersOf(other.model.served.predict(rows));
    return {
      id: request.id,
      model: model.name,
      version: model.version.version,
      predictions: predictions.map(told),
    };
  });
};
