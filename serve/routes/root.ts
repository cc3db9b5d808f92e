import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { guardPages } from '../guards/page-headers.ts';
import { outlines } from '../page/outlines.ts';
import { sendPacked } from '../page/packed.ts';
import { pageFiles } from '../page/page-files.ts';
import type { Parts } from '../parts.ts';
import { exampleQuestion } from '../predictor/example.ts';

/** Everything comes from here, and nothing is run or styled but the page's own files. */
const FROM_HERE = { scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'"], connectSrc: ["'self'"] };

/** `GET /`: the planner's page to browsers; to others what can be asked, with an example that works on this data. */
export const rootRoute: FastifyPluginAsync<Parts> = async (app, { slots }) => {
  await guardPages(app, FROM_HERE);

  app.get('/', async (request, reply) => {
    if (wantsPage(request)) return sendPage(request, reply);
    reply.header('vary', 'Accept');
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
        '/statistics?lat&lon&radius_km[&horizon]': 'cases and forecasts within a circle',
        'POST /predict': 'rows of your own',
        '/model_info': 'where the model comes from, how good it is, and what a row holds',
        '/health': 'what is served, and how old it is',
        '/docs': 'all of this, in full',
      },
      example: exampleQuestion(edition),
    };
  });

  async function sendPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const model = slots.of().current?.model;
    // The page asks for them in a moment; who waits for them then is told what failed.
    if (model?.geojson) outlines(model).catch(() => {});
    const { html } = await pageFiles();
    reply.helmet();
    reply.header('permissions-policy', 'geolocation=(self), camera=(), microphone=()');
    return sendPacked(request, reply, html);
  }
};

/** Browsers name HTML; programs and curl take anything. */
function wantsPage({ headers }: FastifyRequest): boolean {
  return /(^|,)\s*text\/html\s*(;|,|$)/i.test(headers.accept ?? '');
}
