import type { FastifyPluginAsync } from 'fastify';
import type { Predictor } from '../predictor/load.ts';

/** `GET /health`: it answers, with this model and these observations. */
export const healthRoute: FastifyPluginAsync<{ predictor: Predictor }> = async (app, { predictor }) => {
  const { model, version, pack } = predictor;
  app.get('/health', async () => ({
    status: 'ok',
    model,
    model_version: version.version,
    digest: version.digest,
    data_version: pack.data_version,
    last_time: pack.last_time,
  }));
};
