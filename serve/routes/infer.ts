import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import packageJson from '../../package.json' with { type: 'json' };
import { type Log, silent } from '../log.ts';
import type { Parts } from '../parts.ts';
import { answerRows } from '../predictor/answer-rows.ts';
import { answerWith } from '../predictor/answer-with.ts';
import { shown } from '../predictor/check-rows.ts';
import type { Edition } from '../predictor/edition.ts';
import type { Slot } from '../predictor/slots.ts';
import {
  checkOutputs,
  hasMember,
  NO_BINARY,
  outputTensors,
  refused,
  rowsOf,
  tensorsOf,
} from '../predictor/tensors.ts';
import { leaveBody, ProblemError } from '../problem.ts';

interface OfModel {
  Params: { model: string; version?: string };
}

/** The Open Inference Protocol v2 over HTTP, below `/v2`: health, metadata and inference. Its errors are `{ "error": … }`. */
export const inferRoute: FastifyPluginAsync<Parts> = async (
  app,
  { slots, settings, monitor, life, log = silent },
) => {
  answerErrorsAsTheProtocol(app, log);
  const always = { config: { always: true, rateLimit: false as const } };
  const ready = () => !life.stopping && slots.all.every(({ current }) => current !== null);

  app.get('/health/live', always, async () => ({ live: true }));
  app.get('/health/ready', always, async (_request, reply) =>
    reply.code(ready() ? 200 : 503).send({ ready: ready() }),
  );
  app.get('', async () => ({ name: packageJson.name, version: packageJson.version, extensions: [] }));

  for (const path of ['/models/:model', '/models/:model/versions/:version']) {
    app.get<OfModel>(path, async (request) => {
      const { params } = request;
      const slot = slots.of(params.model);
      request.edition = editionOf(slot, params.version);
      const { model } = request.edition;
      return {
        name: model.name,
        versions: versionsOf(slot),
        platform: `perennial_${model.manifest.task}`,
        ...tensorsOf(model.served.request),
      };
    });

    app.get<OfModel>(`${path}/ready`, always, async (request, reply) => {
      const { params } = request;
      const slot = slots.of(params.model);
      if (slot.current) request.edition = editionOf(slot, params.version);
      const isReady = slot.current !== null && !life.stopping;
      return reply.code(isReady ? 200 : 503).send({ name: slot.name, ready: isReady });
    });

    app.post<OfModel>(`${path}/infer`, async (request) => {
      const asked = inferenceIn(request.body);
      const slot = slots.of(request.params.model);
      const { version } = request.params;
      const edition = version === undefined ? answerWith(slot, request) : editionOf(slot, version);
      request.edition = edition;
      const { model } = edition;
      const schema = model.served.request;
      checkOutputs(schema, asked.outputs);
      const rows = rowsOf(asked.inputs, schema, settings);
      const predictions = await answerRows(edition, rows, { request, monitor, limitMs: settings.handlerMs });
      return {
        model_name: model.name,
        model_version: model.version.version,
        id: asked.id ?? request.id,
        parameters: {
          out_of_range_rows: predictions.filter(({ outOfRange }) => outOfRange.length > 0).length,
        },
        outputs: outputTensors(predictions, schema, asked.outputs),
      };
    });
  }
};

const versionsOf = ({ current, canary }: Slot) =>
  [current, canary].flatMap((edition) => (edition ? [edition.model.version.version] : []));

/** @throws ProblemError 404 for a version that is not loaded; 503 while none is */
function editionOf(slot: Slot, version: string | undefined): Edition {
  if (version === undefined) return slot.choose();
  const found = [slot.current, slot.canary].find((one) => one?.model.version.version === version);
  if (found) return found;
  throw new ProblemError('unknown-version', {
    status: 404,
    title: 'No such version',
    detail: `${slot.name} has no version ${shown(version)} here; served: ${versionsOf(slot).join(', ')}`,
  });
}

/** @throws ProblemError 400 */
function inferenceIn(body: unknown): { id: string | null; inputs: unknown; outputs: string[] | null } {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw refused('expected an object with inputs');
  const { id = null, inputs, outputs, parameters } = body as Record<string, unknown>;
  if (id !== null && typeof id !== 'string') throw refused('id: expected a text');
  if (id !== null && id.length > 200) throw refused('id: expected at most 200 characters');
  if (!isParameters(parameters)) throw refused('parameters: expected an object');
  if (hasMember(parameters, 'binary_data_output')) throw refused(NO_BINARY);
  if (outputs === undefined) return { id, inputs, outputs: null };
  if (!Array.isArray(outputs)) throw refused('outputs: expected an array of objects with a name');
  const wanted = outputs.map((output) => {
    const name = hasMember(output, 'name') ? output.name : null;
    if (typeof name !== 'string') throw refused('outputs: expected objects with a name');
    const { parameters } = output;
    if (!isParameters(parameters)) throw refused(`outputs: expected an object as parameters of ${name}`);
    if (hasMember(parameters, 'binary_data') && parameters.binary_data !== false) throw refused(NO_BINARY);
    return name;
  });
  if (new Set(wanted).size < wanted.length) throw refused('outputs: one is there twice');
  return { id, inputs, outputs: wanted.length === 0 ? null : wanted };
}

const isParameters = (value: unknown) =>
  value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));

function answerErrorsAsTheProtocol(app: FastifyInstance, log: Log): void {
  const tell = (reply: FastifyReply, status: number, error: string) => {
    leaveBody(reply);
    return reply.code(status).send({ error });
  };
  app.setNotFoundHandler((request, reply) => {
    const asked = request.url.split('?')[0].slice(0, 200);
    return tell(reply, 404, `${request.method} ${asked} is not part of the protocol`);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error instanceof ProblemError ? error.problem.status : (error.statusCode ?? 500);
    if (status === 415 && request.headers['inference-header-content-length'] !== undefined)
      return tell(reply, status, NO_BINARY);
    if (error instanceof ProblemError) return tell(reply, protocolStatus(status), explained(error));
    if (status < 500) return tell(reply, status, error.message);
    log.error({ err: error, id: request.id }, 'failed');
    return tell(reply, status, 'the service failed; its log says why');
  });
}

/** The protocol calls every request that does not fit 400. */
const protocolStatus = (status: number) => (status === 422 ? 400 : status);

function explained({ problem: { detail, facts } }: ProblemError): string {
  const [first] = (facts?.errors as { allowed: string; value: string | null }[] | undefined) ?? [];
  if (!first) return detail;
  return `${detail}${first.value === null ? '' : `: ${first.value}`}; allowed: ${first.allowed}`;
}
