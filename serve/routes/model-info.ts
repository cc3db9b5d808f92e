import type { FastifyPluginAsync } from 'fastify';
import type { Parts } from '../parts.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { shown } from '../predictor/check-rows.ts';
import { ProblemError } from '../problem.ts';

/** Of the history that is told. */
const TOLD_SWAPS = 50;

/** `GET /model_info[?model]`: what answers, how good it was, where it comes from, and what it may be asked. */
export const modelInfoRoute: FastifyPluginAsync<Parts> = async (app, { slots, followers }) => {
  app.get<{ Querystring: Record<string, unknown> }>('/model_info', async (request) => {
    const slot = slots.of(modelIn(request.query));
    const { model, pack } = answerWith(slot, request);
    const { version, manifest, served } = model;
    const swaps = followers?.get(slot.name)?.options.state.swaps(slot.name) ?? [];
    return {
      model: model.name,
      task: manifest.task,
      version: version.version,
      digest: version.digest,
      candidate: version.candidate,
      /** True where no model was better than the baseline, so that the baseline itself is served. */
      is_baseline: version.is_baseline,
      registered_at: version.registered_at,
      metrics: version.metrics,
      hyperparameters: version.hyperparameters,
      lineage: {
        commit: version.commit,
        data_version: version.data_version,
        mlflow_run: version.run,
        parent: version.parent,
        bundle: version.digest,
      },
      observations: pack && {
        data_version: pack.manifest.data_version,
        last_time: pack.manifest.last_time,
        published_at: pack.manifest.published_at,
        forecast_by: pack.manifest.bundle,
      },
      training: { until: version.train_end, ranges: served.reference?.fields ?? null },
      request: served.request,
      /** Versions that answer now: the second one a share of the keys. */
      versions: [slot.current, slot.canary].flatMap((one) => (one ? [one.model.version.version] : [])),
      /** What came and what became of it, as far as this service remembers; the newest first. */
      history: swaps.slice(-TOLD_SWAPS).reverse(),
    };
  });
};

function modelIn(query: Record<string, unknown>): string | undefined {
  const { model, ...others } = query;
  const other = Object.keys(others)[0];
  if (other === undefined && (model === undefined || typeof model === 'string')) return model;
  const field = other ?? 'model';
  throw new ProblemError('question', {
    status: 400,
    title: 'The question cannot be understood',
    detail: other === undefined ? 'model is there twice' : `${shown(other)} is not known`,
    facts: {
      errors: [
        { field: field.slice(0, 60), value: null, allowed: 'model: the name of a model that is served' },
      ],
    },
  });
}
