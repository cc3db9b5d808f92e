import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import type { Parts } from '../parts.ts';
import { answer, type Question } from '../predictor/answer.ts';
import { ProblemError } from '../problem.ts';

/** Written as a person writes degrees; an empty text is no zero. */
const Degrees = z
  .string('expected one number')
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)$/, 'expected decimal degrees with a point, such as 45.4642')
  .transform(Number);

const Query = z
  .strictObject({
    lat: Degrees.optional(),
    lon: Degrees.optional(),
    tract: z.string('expected one tract id').min(1, 'expected a tract id').max(200).optional(),
    horizon: z
      .string('expected one number')
      .regex(/^\d{1,4}$/, 'expected a whole number of steps, such as 1')
      .transform(Number)
      .optional(),
  })
  .superRefine(({ lat, lon, tract }, context) => {
    const missing = (name: string) =>
      context.addIssue({ code: 'custom', path: [name], message: 'is missing' });
    if (tract !== undefined) {
      if (lat !== undefined || lon !== undefined)
        context.addIssue({ code: 'custom', path: ['tract'], message: 'stands in place of lat and lon' });
      return;
    }
    if (lat === undefined) missing('lat');
    if (lon === undefined) missing('lon');
  });

/** `GET /forecast?lat&lon[&horizon]` or `?tract[&horizon]`. */
export const forecastRoute: FastifyPluginAsync<Parts> = async (app, { slots, now }) => {
  app.get('/forecast', async (request, reply) => {
    const edition = slots.of().choose();
    reply.headers(edition.headers);
    return answer(edition, question(request.query), now());
  });
};

function question(query: unknown): Question {
  const { success, data, error } = Query.safeParse(query);
  if (!success) {
    const errors = error.issues.map(({ path, message }) => ({ parameter: path.join('.') || null, message }));
    throw new ProblemError('question', {
      status: 400,
      title: 'The question cannot be understood',
      detail: errors
        .map(({ parameter, message }) => [parameter, message].filter(Boolean).join(': '))
        .join('; '),
      facts: { errors, hint: 'ask /forecast?lat=…&lon=…, with decimal degrees; GET / shows one that works' },
    });
  }
  const { lat, lon, tract, horizon } = data;
  return tract === undefined ? { latitude: lat!, longitude: lon!, horizon } : { tract, horizon };
}
