import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { exampleQuestion } from '../predictor/example.ts';

/** `GET /`: what can be asked, with an example that works on this data. */
export const rootRoute: FastifyPluginAsync<Parts> = async (app, { slots }) => {
  app.get('/', async () => {
    const edition = slots.of().choose();
    const { model, forecasts, places } = edition;
    return {
      what: forecasts
        ? `forecasts of ${forecasts.target} (${model.name}) for ${forecasts.tracts.length} tracts`
        : model.name,
      ask: {
        '/forecast?lat&lon[&horizon]':
          places.kind === 'none'
            ? 'not here: this model knows no places'
            : 'the tract at these coordinates (WGS 84)',
        '/forecast?tract[&horizon]': 'a tract by its id',
        '/health': 'what is served, and how old it is',
      },
      example: exampleQuestion(edition),
    };
  });
};
