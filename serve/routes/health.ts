import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';

/** `GET /health`: it answers, with these models and these observations. */
export const healthRoute: FastifyPluginAsync<Parts> = async (app, { slots }) => {
  app.get('/health', async () => {
    const { model, pack } = slots.of().choose();
    return {
      status: 'ok',
      model: model.name,
      model_version: model.version.version,
      digest: model.version.digest,
      data_version: pack?.manifest.data_version ?? null,
      last_time: pack?.manifest.last_time ?? null,
    };
  });
};
