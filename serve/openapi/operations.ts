import { PARAMETERS } from '../predictor/question.ts';
import { anything, flag, type JsonSchema, listOf, object, ref, text } from './schemas.ts';

/** One route, as it is described; `document.it.test.ts` holds that each has its description, and none more. */
export interface Operation {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  tag: string;
  summary: string;
  parameters?: JsonSchema[];
  body?: JsonSchema;
  /** Content by status. */
  answers: Record<number, JsonSchema>;
  /** Statuses that carry a problem, beside those of every route. */
  errors: number[];
  /** Never turned away. */
  always?: boolean;
  admin?: boolean;
  /** Its errors are those of the Open Inference Protocol. */
  protocol?: boolean;
}

const json = (schema: JsonSchema) => ({ 'application/json': { schema } });

const inQuery = (name: keyof typeof PARAMETERS, schema: JsonSchema, required = false) => ({
  name,
  in: 'query',
  required,
  description: PARAMETERS[name].allowed,
  schema,
});
const inPath = (name: string, schema: JsonSchema = text) => ({ name, in: 'path', required: true, schema });

const lat = (required: boolean) => inQuery('lat', { type: 'number', minimum: -90, maximum: 90 }, required);
const lon = (required: boolean) => inQuery('lon', { type: 'number', minimum: -180, maximum: 180 }, required);
const horizon = inQuery('horizon', { type: 'integer', minimum: 1, maximum: 9999 });
const model = inQuery('model', { type: 'string', minLength: 1, maxLength: 200 });

const BODY = [400, 408, 413, 415];
const ofModel = [inPath('model')];
const ofVersion = [...ofModel, inPath('version')];
const ofJob = [inPath('id')];

const tag = (name: string, operations: Omit<Operation, 'tag'>[]): Operation[] =>
  operations.map((operation) => ({ ...operation, tag: name }));

const health = tag('Health', [
  {
    method: 'GET',
    path: '/health',
    summary: 'How it is, and what it serves',
    answers: { 200: json(object({ status: text, model: text, model_version: text }, { open: true })) },
    errors: [503],
    always: true,
  },
  {
    method: 'GET',
    path: '/health/live',
    summary: 'The process answers',
    answers: { 200: json(object({ status: { const: 'live' } })) },
    errors: [],
    always: true,
  },
  {
    method: 'GET',
    path: '/health/ready',
    summary: 'Send it requests; and how old its model and its data are',
    answers: { 200: json(object({ status: { const: 'ready' }, models: anything })) },
    errors: [503],
    always: true,
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    answers: { 200: { 'text/plain': { schema: text } } },
    errors: [429],
    always: true,
  },
]);

const coordinates = tag('By coordinate', [
  {
    method: 'GET',
    path: '/forecast',
    summary: 'The forecast of the tract at a coordinate, or of a tract by its id',
    parameters: [
      lat(false),
      lon(false),
      inQuery('tract', { type: 'string', minLength: 1, maxLength: 200 }),
      horizon,
      model,
    ],
    answers: { 200: json(ref('Forecast')) },
    errors: [400, 404],
  },
  {
    method: 'GET',
    path: '/statistics',
    summary: 'Cases and forecasts within a circle, by the tracts’ shares in it',
    parameters: [
      lat(true),
      lon(true),
      inQuery('radius_km', { type: 'number', minimum: 0, maximum: 20_040 }, true),
      horizon,
      model,
    ],
    answers: { 200: json(ref('Statistics')) },
    errors: [400, 404],
  },
]);

const models = tag('Models', [
  {
    method: 'POST',
    path: '/predict',
    summary: 'Predictions for rows of any model',
    body: ref('Rows'),
    answers: { 200: json(ref('Predictions')) },
    errors: [...BODY, 404, 422],
  },
  {
    method: 'GET',
    path: '/model_info',
    summary: 'Version, figures, lineage, history, and what a row holds',
    parameters: [model],
    answers: { 200: json(ref('ModelInfo')) },
    errors: [400, 404],
  },
]);

const jobs = tag('Jobs', [
  {
    method: 'POST',
    path: '/jobs',
    summary: 'Begins a long batch; the body is that of /predict with more rows',
    body: ref('JobRows'),
    answers: { 202: json(ref('Job')) },
    errors: [...BODY, 404, 422],
  },
  {
    method: 'GET',
    path: '/jobs/{id}',
    summary: 'How far a job is',
    parameters: ofJob,
    answers: { 200: json(ref('Job')) },
    errors: [404, 410],
  },
  {
    method: 'GET',
    path: '/jobs/{id}/result',
    summary: 'The predictions of a job that is done',
    parameters: ofJob,
    answers: { 200: json(ref('Predictions')) },
    errors: [404, 409, 410],
  },
  {
    method: 'DELETE',
    path: '/jobs/{id}',
    summary: 'Cancels a job, and forgets it',
    parameters: ofJob,
    answers: { 200: json(ref('Job')) },
    errors: [404, 410],
  },
]);

const ready = json(object({ ready: flag }));
const modelReady = json(object({ name: text, ready: flag }));

const protocol = tag('Open Inference Protocol v2', [
  {
    method: 'GET',
    path: '/v2',
    summary: 'The server',
    answers: { 200: json(object({ name: text, version: text, extensions: listOf(text) })) },
    errors: [],
  },
  {
    method: 'GET',
    path: '/v2/health/live',
    summary: 'The server answers',
    answers: { 200: json(object({ live: flag })) },
    errors: [],
    always: true,
  },
  {
    method: 'GET',
    path: '/v2/health/ready',
    summary: 'All models are ready',
    answers: { 200: ready, 503: ready },
    errors: [],
    always: true,
  },
  ...[
    { path: '/v2/models/{model}', parameters: ofModel, of: 'of a model' },
    { path: '/v2/models/{model}/versions/{version}', parameters: ofVersion, of: 'of a version' },
  ].flatMap(({ path, parameters, of }): Omit<Operation, 'tag'>[] => [
    {
      method: 'GET',
      path,
      summary: `Tensors ${of}`,
      parameters,
      answers: {
        200: json(
          object({
            name: text,
            versions: listOf(text),
            platform: text,
            inputs: listOf(ref('TensorMetadata')),
            outputs: listOf(ref('TensorMetadata')),
          }),
        ),
      },
      errors: [404],
    },
    {
      method: 'GET',
      path: `${path}/ready`,
      summary: `Readiness ${of}`,
      parameters,
      answers: { 200: modelReady, 503: modelReady },
      errors: [404],
      always: true,
    },
    {
      method: 'POST',
      path: `${path}/infer`,
      summary: `Inference ${of}`,
      parameters,
      body: ref('InferenceRequest'),
      answers: { 200: json(ref('InferenceResponse')) },
      errors: [...BODY, 404],
    },
  ]),
]).map((operation) => ({ ...operation, protocol: true }));

const ADMIN_ERRORS = [400, 401, 404, 409, 502];
const state = json(anything);
const why = object({ why: { type: 'string', minLength: 1, maxLength: 500 } }, { required: [] });
const admin = tag('Administration', [
  {
    method: 'GET',
    path: '/admin/models/{model}',
    summary: 'What is served, on trial, refused, and the history',
    parameters: ofModel,
    answers: { 200: state },
    errors: ADMIN_ERRORS,
  },
  {
    method: 'POST',
    path: '/admin/models/{model}/rollback',
    summary: 'Back to the version before; what was served is never tried again by itself',
    parameters: ofModel,
    body: why,
    answers: { 200: state },
    errors: [...ADMIN_ERRORS, ...BODY, 422],
  },
  {
    method: 'POST',
    path: '/admin/models/{model}/pin',
    summary: 'One version, whatever is released',
    parameters: ofModel,
    body: object({ version: { type: 'string', pattern: '^v[0-9]{4,10}$', examples: ['v0001'] } }),
    answers: { 200: state },
    errors: [...ADMIN_ERRORS, ...BODY, 422],
  },
  {
    method: 'POST',
    path: '/admin/models/{model}/unpin',
    summary: 'Follows again what is released',
    parameters: ofModel,
    answers: { 200: state },
    errors: [...ADMIN_ERRORS, 415],
  },
  {
    method: 'POST',
    path: '/admin/models/{model}/follow-now',
    summary: 'Looks now for something newer',
    parameters: ofModel,
    answers: { 200: state },
    errors: [...ADMIN_ERRORS, 415],
  },
  {
    method: 'DELETE',
    path: '/admin/models/{model}/refused/{digest}',
    summary: 'Lets a refused bundle be tried again',
    parameters: [...ofModel, inPath('digest', { type: 'string', pattern: '^[0-9a-f]{64}$' })],
    answers: { 200: state },
    errors: [...ADMIN_ERRORS, 422],
  },
]).map((operation) => ({ ...operation, admin: true }));

const page = { 'text/html': { schema: text } };
const pages = tag('Pages', [
  {
    method: 'GET',
    path: '/',
    summary: 'The planner’s page to browsers; to others what can be asked',
    answers: { 200: { ...page, ...json(anything) } },
    errors: [],
  },
  { method: 'GET', path: '/docs', summary: 'This document for people', answers: { 200: page }, errors: [] },
  {
    method: 'GET',
    path: '/docs/json',
    summary: 'This document',
    answers: { 200: json(anything) },
    errors: [],
  },
  ...['overview', 'series', 'places'].map(
    (name): Omit<Operation, 'tag'> => ({
      method: 'GET',
      path: `/page/${name}`,
      summary: `What the page shows: ${name}`,
      parameters: [model],
      answers: { 200: json(anything), 304: {} },
      errors: [400, 404],
    }),
  ),
  {
    method: 'GET',
    path: '/page/assets/{name}',
    summary: 'A file of the page',
    parameters: [inPath('name')],
    answers: { 200: { 'text/javascript': { schema: text }, 'text/css': { schema: text } }, 304: {} },
    errors: [404],
  },
]);

/** What the service answers, in the order of the document. */
export const OPERATIONS: Operation[] = [
  ...coordinates,
  ...models,
  ...jobs,
  ...protocol,
  ...health,
  ...admin,
  ...pages,
];
