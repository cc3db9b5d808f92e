import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { type AnswerCounts, countsOf } from '../predictor/count-answers.ts';
import type { Edition, Tract } from '../predictor/edition.ts';
import { tractAsked, tractOf } from '../predictor/find-tract.ts';
import { questionReader } from '../predictor/question.ts';
import { type TractAnswers, tractAnswers } from '../predictor/tract-answers.ts';
import { sendReady } from '../send-ready.ts';

const read = questionReader(['lat', 'lon', 'tract', 'horizon', 'model'], ['lat', 'lon']);

/** `GET /forecast?lat&lon[&horizon][&model]`, or `?tract[…]`. No promise and no schema: the question is read in one pass, and the
 *  answer is already written. */
export const forecastRoute: FastifyPluginAsync<Parts> = async (app, { slots, monitor, life, now }) => {
  // Found by one look-up: this runs at every request.
  const made = new WeakMap<Edition, { answers: TractAnswers; counts: AnswerCounts }>();
  const of = (edition: Edition) => {
    let found = made.get(edition);
    if (!found) {
      found = { answers: tractAnswers(edition), counts: countsOf(monitor, edition) };
      made.set(edition, found);
    }
    return found;
  };

  app.get('/forecast', (request, reply) => {
    const asked = read(request.query);
    const edition = answerWith(slots.of(asked.model), request);
    const { answers, counts } = of(edition);
    const { answer, how } = answers.to(asked);
    const ready = answer.ready(how, asked.horizon, now().getTime());
    counts.add(1, answer.outOfRange === true, firstPoint(answer.tract, asked.horizon));
    request.again = (other) => pointsOf(tractOf(other, tractAsked(other, asked).id));
    sendReady(request, reply, { ready, edition, last: life.stopping });
  });
};

const pointsOf = ({ forecasts }: Tract) => forecasts.map(({ point }) => point);

function firstPoint({ forecasts }: Tract, horizon: number | undefined): number | undefined {
  return (horizon === undefined ? forecasts[0] : forecasts.find((one) => one.horizon === horizon))?.point;
}
