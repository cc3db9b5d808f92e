import type { FastifyPluginAsync } from 'fastify';
import { exampleQuestion } from '../predictor/example.ts';
import type { Predictor } from '../predictor/load.ts';

/** `GET /`: what can be asked, with an example that works on this data. */
export const rootRoute: FastifyPluginAsync<{ predictor: Predictor }> = async (app, { predictor }) => {
  const { model, forecasts, places } = predictor;
  const example = exampleQuestion(predictor);
  app.get('/', async () => ({
    what: `forecasts of ${forecasts.target} (${model}) for ${forecasts.tracts.length} tracts`,
    ask: {
      '/forecast?lat&lon[&horizon]':
        places.kind === 'none'
          ? 'not here: this model knows no places'
          : 'the tract at these coordinates (WGS 84)',
      '/forecast?tract[&horizon]': 'a tract by its id',
      '/health': 'what is served, and how old it is',
    },
    example,
  }));
};
