import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { answerRows } from '../predictor/answer-rows.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { askedIn } from '../predictor/ask-rows.ts';
import { told } from '../predictor/told.ts';

/** `POST /predict`: rows of any model that is served. */
export const predictRoute: FastifyPluginAsync<Parts> = async (app, { slots, settings, monitor }) => {
  app.post('/predict', async (request) => {
    const asked = askedIn(request.body, settings);
    const edition = answerWith(slots.of(asked.model), request);
    const { model } = edition;
    const predictions = await answerRows(edition, asked.rows, {
      request,
      monitor,
      limitMs: settings.handlerMs,
    });
    return {
      id: request.id,
      model: model.name,
      version: model.version.version,
      predictions: predictions.map(told),
    };
  });
};
