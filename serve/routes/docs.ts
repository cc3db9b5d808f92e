import type { FastifyPluginAsync } from 'fastify';
import { guardPages } from '../guards/page-headers.ts';
import type { Parts } from '../parts.ts';

/** `GET /docs` for people, `GET /docs/json` for programs: OpenAPI 3.1. Loaded when it is first asked for: no start waits for it. */
export const docsRoute: FastifyPluginAsync<Parts> = async (app, parts) => {
  // The page has no script, and its style is in it.
  await guardPages(app, { styleSrc: ["'unsafe-inline'"] });
  const document = async () => (await import('../openapi/document.ts')).openApiOf(parts);

  app.get('/docs/json', async (_request, reply) => {
    reply.type('application/json; charset=utf-8');
    return document();
  });

  app.get('/docs', async (_request, reply) => {
    const { docsPage } = await import('../openapi/docs-page.ts');
    reply.helmet();
    return reply.type('text/html; charset=utf-8').send(docsPage(await document()));
  });
};
