import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { countsOf } from '../predictor/count-answers.ts';
import { outOfRangeOf } from '../predictor/observed.ts';
import { questionReader } from '../predictor/question.ts';
import { statistics } from '../predictor/statistics.ts';

const read = questionReader(['lat', 'lon', 'radius_km', 'horizon', 'model'], ['lat', 'lon', 'radius_km']);

/** `GET /statistics?lat&lon&radius_km[&horizon][&model]`: what is known of a circle. */
export const statisticsRoute: FastifyPluginAsync<Parts> = async (app, { slots, monitor, now }) => {
  app.get('/statistics', (request, reply) => {
    const asked = read(request.query);
    const edition = answerWith(slots.of(asked.model), request);
    const { text, counted } = statistics(edition, asked, now().getTime());
    const outside = outOfRangeOf(edition);
    countsOf(monitor, edition).add(
      counted.length,
      outside !== null && counted.some(({ tract }) => outside.has(tract.id)),
    );
    request.again = (other) =>
      counted.flatMap(({ tract }) => other.tracts.get(tract.id)?.forecasts.map(({ point }) => point) ?? []);
    return reply.type('application/json; charset=utf-8').send(text);
  });
};
