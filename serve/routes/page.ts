import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { LEVELS } from '../page/outline.ts';
import { outlines } from '../page/outlines.ts';
import { overviewOf, seriesOf } from '../page/overview.ts';
import { type Packed, packed, sendPacked } from '../page/packed.ts';
import { pageFiles } from '../page/page-files.ts';
import type { Parts } from '../parts.ts';
import { canaryKey } from '../predictor/canary-share.ts';
import type { Edition } from '../predictor/edition.ts';
import { ProblemError } from '../problem.ts';
import { parsed } from './parsed.ts';

const Query = z.strictObject({
  model: z.string().max(200).optional(),
  level: z.enum(LEVELS).optional(),
});

const NEVER_AGAIN = 'public, max-age=31536000, immutable';

/** What the page needs, and nobody else should build on: its files, and the data that it draws, compressed once an edition.
 *  `GET /page/overview`, `/page/places[?level=near]`, `/page/series`; each of another model with `?model=`. */
export const pageRoute: FastifyPluginAsync<Parts> = async (app, { slots, now }) => {
  // Read or bundled before somebody waits for it; who asks is told what failed.
  app.addHook('onListen', async () => {
    pageFiles().catch(() => {});
  });
  const models = slots.all.map(({ name }) => name);
  const overviews = new WeakMap<Edition, Promise<Packed>>();
  const series = new WeakMap<Edition, Promise<Packed>>();

  app.get('/page/overview', async (request, reply) => {
    const edition = asked(request);
    // The page reckons ages by the service's clock, whatever the browser's says.
    reply.header('date', now().toUTCString());
    return sendPacked(request, reply, await once(overviews, edition, () => overviewOf(edition, models)));
  });

  app.get('/page/series', async (request, reply) => {
    const edition = asked(request);
    return sendPacked(request, reply, await once(series, edition, () => seriesOf(edition)));
  });

  app.get('/page/places', async (request, reply) => {
    const { model } = asked(request);
    if (!model.geojson) {
      throw new ProblemError('no-places', {
        status: 404,
        title: 'This model knows no outlines',
        detail: `the bundle of ${model.name} ${model.version.version} holds no polygons`,
      });
    }
    const { level = 'far' } = parsed(Query, request.query);
    return sendPacked(request, reply, (await outlines(model))[level]);
  });

  app.get<{ Params: { name: string } }>('/page/assets/:name', async (request, reply) => {
    const file = (await pageFiles()).assets.get(request.params.name);
    if (file) return sendPacked(request, reply, file, NEVER_AGAIN);
    throw new ProblemError('no-route', {
      status: 404,
      title: 'There is nothing here',
      detail: 'the page has no such file; load it anew',
    });
  });

  function asked(request: FastifyRequest): Edition {
    const edition = slots.of(parsed(Query, request.query).model).choose(() => canaryKey(request));
    request.edition = edition;
    return edition;
  }
};

function once(
  made: WeakMap<Edition, Promise<Packed>>,
  edition: Edition,
  make: () => object,
): Promise<Packed> {
  const known = made.get(edition);
  if (known) return known;
  const text = JSON.stringify(make());
  const making = packed(text, 'application/json; charset=utf-8');
  made.set(edition, making);
  return making;
}
