import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { countsOf } from '../predictor/count-answers.ts';
import { findTract } from '../predictor/find-tract.ts';
import { questionReader } from '../predictor/question.ts';
import { tractAnswers } from '../predictor/tract-answers.ts';
import { sendReady } from '../send-ready.ts';

const read = questionReader(['lat', 'lon', 'tract', 'horizon', 'model'], ['lat', 'lon']);

/** `GET /forecast?lat&lon[&horizon][&model]`, or `?tract[…]`. No promise and no schema: the question is read in one pass, and the
 *  answer is already written. */
export const forecastRoute: FastifyPluginAsync<Parts> = async (app, { slots, monitor, life, now }) => {
  app.get('/forecast', (request, reply) => {
    const asked = read(request.query);
    const edition = answerWith(slots.of(asked.model), request);
    const found = findTract(edition, asked);
    const answers = tractAnswers(edition);
    const ready = answers.ready(found, asked.horizon, now().getTime());
    const { forecasts } = found.tract;
    const { horizon } = asked;
    const first = horizon === undefined ? forecasts[0] : forecasts.find((one) => one.horizon === horizon);
    countsOf(monitor, edition).add(1, answers.outOfRange(found.tract) === true, first?.point);
    request.again = (other) => pointsOf(findTract(other, asked).tract.forecasts);
    sendReady(request, reply, { ready, edition, last: life.stopping });
  });
};

const pointsOf = (forecasts: { point: number }[]) => forecasts.map(({ point }) => point);
