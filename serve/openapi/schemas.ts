import type { RequestField, RequestSchema } from '../../pipeline/contracts/serving.ts';

/** A piece of JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Record<string, unknown>;

export const text: JsonSchema = { type: 'string' };
export const number: JsonSchema = { type: 'number' };
export const count: JsonSchema = { type: 'integer', minimum: 0 };
export const flag: JsonSchema = { type: 'boolean' };
export const moment: JsonSchema = { type: 'string', format: 'date-time' };
export const anything: JsonSchema = { type: 'object' };
export const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
export const listOf = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  type: 'array',
  items,
  ...more,
});
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members, all of them and no others, if nothing else is said. */
export function object(
  properties: Record<string, JsonSchema>,
  { required = Object.keys(properties), open = false }: { required?: string[]; open?: boolean } = {},
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: open };
}

/** A row of a model: what its row checker lets pass, as far as JSON Schema can say it. */
export function rowSchema({ fields, example }: RequestSchema): JsonSchema {
  return {
    ...object(Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)]))),
    examples: [example],
  };
}

function fieldSchema(field: RequestField): JsonSchema {
  switch (field.kind) {
    case 'number':
      return nullable(field.nullable, { type: 'number', ...range(field), ...unit(field.unit) });
    case 'category':
      return nullable(field.nullable, { type: 'string', enum: field.categories });
    case 'time':
      return nullable(field.nullable, {
        type: 'string',
        pattern: MOMENT,
        description: `A moment as ISO 8601 writes it: 2026-06-30 or 2026-06-30T18:00:00Z; from ${field.earliest ?? 'ever'} to ${field.latest ?? 'ever'}.`,
        examples: ['2026-06-30'],
      });
    case 'series':
      return {
        type: 'array',
        items: nullable(field.gaps, { type: 'number', ...range(field) }),
        minItems: field.min_length,
        maxItems: field.max_length,
        description: `Oldest first.${field.gaps ? ' null: not known.' : ''}`,
        ...unit(field.unit),
      };
  }
}

/** Its bounds, and that February has no 30th, are for the service to tell. */
const MOMENT =
  '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?$';

const nullable = (may: boolean, schema: JsonSchema) => (may ? orNull(schema) : schema);
const unit = (name: string) => (name === '' ? {} : { 'x-unit': name });
const range = ({ minimum, maximum }: { minimum: number | null; maximum: number | null }) => ({
  ...(minimum === null ? {} : { minimum }),
  ...(maximum === null ? {} : { maximum }),
});

const total = orNull(object({ value: number, time: moment, from: { enum: ['published', 'summed'] } }));
const step = {
  time: moment,
  horizon: { type: 'integer', minimum: 1 },
  point: number,
  low: number,
  high: number,
};
const observation = object({ time: moment, value: number }, { open: true });
const dataAge = object(
  { last_time: moment, published_at: moment, age_days: number, version: text },
  { open: true },
);
const versionSaid = object({ version: text, candidate: text, is_baseline: flag, trained_until: moment });

export const SCHEMAS: Record<string, JsonSchema> = {
  Problem: {
    ...object(
      {
        type: { type: 'string', description: '`urn:perennial:problem:<kind>`; the kind stays the same' },
        title: text,
        status: { type: 'integer', minimum: 400, maximum: 599 },
        detail: text,
        hint: text,
        errors: listOf(anything),
      },
      { required: ['type', 'title', 'status'], open: true },
    ),
    description: 'RFC 9457. `errors` names each field, its value and what is allowed.',
  },
  ProtocolError: object({ error: text }),
  Forecast: object(
    {
      model: text,
      tract: object({ id: text, name: text, found: text, how: { enum: ['inside', 'border', 'cell', 'id'] } }),
      target: text,
      total,
      newest: orNull(observation),
      out_of_training_range: orNull(flag),
      interval: number,
      forecast: listOf(object(step)),
      data: dataAge,
      version: versionSaid,
    },
    { open: true },
  ),
  Statistics: object(
    {
      model: text,
      target: text,
      point: object({ latitude: number, longitude: number }),
      radius_km: number,
      method: text,
      forecast: listOf(object({ ...step, per_100k: orNull(number) })),
      tracts_in_circle: count,
      tracts_without_forecast: count,
      interval: number,
      data: dataAge,
      version: versionSaid,
      tracts: listOf(object({ id: text, share: number, distance_km: number, name: text }, { open: true })),
    },
    { open: true },
  ),
  Prediction: object({
    outputs: {
      type: 'object',
      description: 'By name; one value, or one a horizon. null: the model has no number.',
      additionalProperties: listOf({ type: ['number', 'string', 'null'] }),
    },
    out_of_range: listOf(text, { description: 'Fields outside of what the model has learnt from.' }),
  }),
  Predictions: object({ id: text, model: text, version: text, predictions: listOf(ref('Prediction')) }),
  ModelInfo: object(
    {
      model: text,
      task: text,
      version: text,
      digest: text,
      candidate: text,
      is_baseline: flag,
      registered_at: moment,
      metrics: anything,
      hyperparameters: anything,
      lineage: object({
        commit: text,
        data_version: text,
        mlflow_run: orNull(text),
        parent: orNull(text),
        bundle: text,
      }),
      observations: orNull(anything),
      training: object({ until: moment, ranges: orNull(anything) }),
      request: anything,
      versions: listOf(text),
      history: listOf(anything),
    },
    {},
  ),
  Job: object({
    id: { type: 'string', format: 'uuid' },
    state: { enum: ['waiting', 'running', 'done', 'failed', 'cancelled'] },
    model: text,
    version: text,
    progress: object({ done: count, total: count }),
    created_at: moment,
    expires_at: orNull(moment),
    result: orNull(text),
    reason: orNull(text),
  }),
  Tensor: object(
    {
      name: text,
      shape: listOf({ type: 'integer', minimum: 0 }, { minItems: 1, maxItems: 2 }),
      datatype: {
        enum: [
          'BYTES',
          'FP64',
          'FP32',
          'FP16',
          'INT64',
          'INT32',
          'INT16',
          'INT8',
          'UINT64',
          'UINT32',
          'UINT16',
          'UINT8',
        ],
      },
      data: { type: 'array', description: 'Flat, or nested as the shape is; null: not known.' },
      parameters: anything,
    },
    { required: ['name', 'shape', 'datatype', 'data'], open: true },
  ),
  TensorMetadata: object({ name: text, datatype: text, shape: listOf({ type: 'integer', minimum: -1 }) }),
  InferenceRequest: object(
    {
      id: orNull({ type: 'string', maxLength: 200 }),
      parameters: anything,
      inputs: listOf(ref('Tensor'), { minItems: 1 }),
      outputs: listOf(object({ name: text, parameters: anything }, { required: ['name'], open: true })),
    },
    { required: ['inputs'], open: true },
  ),
  InferenceResponse: object({
    model_name: text,
    model_version: text,
    id: text,
    parameters: anything,
    outputs: listOf(ref('Tensor')),
  }),
};
