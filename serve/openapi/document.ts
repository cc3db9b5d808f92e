import packageJson from '../../package.json' with { type: 'json' };
import type { RequestSchema } from '../../pipeline/contracts/serving.ts';
import type { Parts } from '../parts.ts';
import { exampleQuestion } from '../predictor/example.ts';
import type { LoadedModel } from '../predictor/model.ts';
import { tensorsOf } from '../predictor/tensors.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { type JsonSchema, listOf, object, ref, rowSchema, SCHEMAS } from './schemas.ts';

/** The OpenAPI document of what is served now: rows are those of the models that are loaded. Made when it is asked for. */
export function openApiOf(parts: Parts): JsonSchema {
  const { slots, settings } = parts;
  const models = slots.all.flatMap(({ current }) => (current ? [current.model] : []));
  const rows: Record<string, JsonSchema> = {};
  for (const { name, served } of models)
    rows[`Row_${name.replaceAll(/[^\w.-]/g, '_')}`] = rowSchema(served.request);
  const row = { anyOf: Object.keys(rows).map((name) => ref(name)) };
  const rowsOf = (maxItems: number) =>
    object(
      {
        model: { type: 'string', enum: models.map(({ name }) => name) },
        rows: listOf(row, { minItems: 1, maxItems }),
      },
      { required: ['rows'] },
    );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Perennial',
      version: packageJson.version,
      license: { name: packageJson.license },
      description:
        'Forecasts by coordinate, and predictions of every model that is served. Errors are problem details (RFC 9457); below /v2 those of the Open Inference Protocol.',
    },
    paths: pathsOf(OPERATIONS, knownValues(parts)),
    components: {
      securitySchemes: { admin: { type: 'http', scheme: 'bearer' } },
      headers: HEADERS,
      schemas: {
        ...SCHEMAS,
        ...rows,
        Rows: rowsOf(settings.maxRows),
        JobRows: rowsOf(settings.maxJobRows),
        InferenceRequest: {
          ...SCHEMAS.InferenceRequest,
          examples: models.map(({ served }) => inferenceOf(served.request)),
        },
      },
    },
  };
}

/** The example row, as the Open Inference Protocol writes it. */
function inferenceOf(request: RequestSchema) {
  const inputs = tensorsOf(request).inputs.map(({ name, datatype, shape }) => {
    const data = [request.example[name]].flat();
    return { name, datatype, shape: shape.length === 1 ? [1] : [1, data.length], data };
  });
  return { inputs };
}

/** What parameters may be on this service: names that are known, and a place that has a forecast. */
function knownValues({ slots }: Parts): Record<string, JsonSchema> {
  const editions = slots.all.flatMap(({ current, canary }) =>
    [current, canary].filter((one) => one !== null),
  );
  const known: Record<string, JsonSchema> = {
    model: { enum: [...new Set(editions.map(({ model }) => model.name))] },
    horizon: { maximum: Math.max(1, ...editions.flatMap(({ model }) => horizonsOf(model))) },
    version: { enum: [...new Set(editions.map(({ model }) => model.version.version))] },
  };
  const first = slots.of().current;
  if (!first) return known;
  const question = new URLSearchParams(exampleQuestion(first).split('?')[1]);
  for (const [name, value] of question)
    known[name] = { examples: [name === 'tract' ? value : Number(value)] };
  return known;
}

const horizonsOf = ({ served }: LoadedModel) => served.request.outputs.map(({ length }) => length);

const header = (description: string) => ({ description, schema: { type: 'string' } });
const HEADERS = {
  ModelVersion: header('Version of the model that answered.'),
  DataVersion: header('Version of the observations that the answer was made from.'),
  RequestId: header('Of the request, and of its prediction.'),
  RetryAfter: header('Seconds.'),
};
const told = {
  'X-Model-Version': { $ref: '#/components/headers/ModelVersion' },
  'X-Data-Version': { $ref: '#/components/headers/DataVersion' },
  'X-Request-Id': { $ref: '#/components/headers/RequestId' },
};

const STATUS: Record<number, string> = {
  200: 'The answer.',
  202: 'It was taken, and is not done yet.',
  304: 'Nothing has changed.',
  400: 'The request cannot be understood.',
  401: 'A key is needed.',
  404: 'There is no such thing here.',
  409: 'Not in this state.',
  410: 'It was here, and is gone.',
  413: 'The body is too long.',
  415: 'The body is of another kind than JSON in UTF-8.',
  422: 'It is JSON, and does not fit.',
  429: 'Too many requests of one client.',
  502: 'What is followed cannot be reached.',
  503: 'Not ready, or too busy: ask again.',
};

function pathsOf(operations: Operation[], known: Record<string, JsonSchema>): JsonSchema {
  const paths: Record<string, JsonSchema> = {};
  for (const operation of operations) {
    const { method, path, parameters = [], body, errors, answers } = operation;
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = {
      operationId: `${method.toLowerCase()}${path.replaceAll(/[^a-z0-9]+/gi, '_')}`.replace(/_$/, ''),
      tags: [operation.tag],
      summary: operation.summary,
      ...(parameters.length > 0 ? { parameters: parameters.map((one) => withKnown(one, known)) } : {}),
      ...(body ? { requestBody: bodyOf(body) } : {}),
      ...(operation.admin ? { security: [{ admin: [] }] } : {}),
      responses: {
        ...Object.fromEntries(
          Object.entries(answers).map(([status, content]) => [status, said(status, content)]),
        ),
        ...Object.fromEntries(
          [...errors, ...(operation.always ? [] : [429, 503])]
            .filter((status) => !(status in answers))
            .map((status) => [status, said(status, errorContent(operation.protocol === true))]),
        ),
      },
    };
  }
  return paths;
}

/** One whose members may all be left out may be left out itself. */
function bodyOf(schema: JsonSchema) {
  const required = !Array.isArray(schema.required) || schema.required.length > 0;
  return { required, content: { 'application/json': { schema } } };
}

function withKnown(parameter: JsonSchema, known: Record<string, JsonSchema>): JsonSchema {
  const more = known[parameter.name as string];
  return more ? { ...parameter, schema: { ...(parameter.schema as JsonSchema), ...more } } : parameter;
}

function errorContent(protocol: boolean): JsonSchema {
  return protocol
    ? { 'application/json': { schema: ref('ProtocolError') } }
    : { 'application/problem+json': { schema: ref('Problem') } };
}

function said(status: string | number, content: JsonSchema) {
  const code = Number(status);
  const headers =
    code === 503 || code === 429
      ? { ...told, 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
      : told;
  return {
    description: STATUS[code] ?? 'An answer.',
    headers,
    ...(Object.keys(content).length > 0 ? { content } : {}),
  };
}
