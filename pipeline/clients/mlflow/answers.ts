import { z } from 'zod';
import { numberOf } from './json.ts';

/** Answers of MLflow's REST API 2.0, as far as we read them. Servers of 2.22 leave empty lists out; 3.x adds fields. */

/** Int64s come as strings from some servers. */
const Count = z.coerce.number();
const Moment = z.coerce.number();
const Tag = z.object({ key: z.string(), value: z.string().default('') });
const Tags = z
  .array(Tag)
  .default([])
  .transform((tags) => Object.fromEntries(tags.map(({ key, value }) => [key, value])));
const Lifecycle = z.enum(['active', 'deleted']);

export const Experiment = z.object({
  experiment_id: z.string(),
  name: z.string(),
  artifact_location: z.string().optional(),
  lifecycle_stage: Lifecycle.default('active'),
  tags: Tags,
});
export type Experiment = z.infer<typeof Experiment>;

export const RunStatus = z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);
export type RunStatus = z.infer<typeof RunStatus>;

/** NaN arrives as a string or as the bare word, Infinity as ±1.797e308; read back is what was meant. */
export const MetricPoint = z.object({
  key: z.string(),
  value: z.unknown().transform((value, context) => {
    const number = numberOf(value);
    if (number === null) context.addIssue(`a metric's value cannot be ${JSON.stringify(value)}`);
    return number ?? Number.NaN;
  }),
  /** Milliseconds since 1970. */
  timestamp: Moment,
  step: Count.default(0),
});
export type MetricPoint = z.infer<typeof MetricPoint>;

export const Run = z.object({
  info: z.object({
    run_id: z.string(),
    run_name: z.string().default(''),
    experiment_id: z.string(),
    status: RunStatus,
    start_time: Moment.optional(),
    end_time: Moment.optional(),
    artifact_uri: z.string().default(''),
    lifecycle_stage: Lifecycle.default('active'),
  }),
  data: z
    .object({
      /** The newest point of each key. */
      metrics: z.array(MetricPoint).default([]),
      params: Tags,
      tags: Tags,
    })
    .prefault({}),
  inputs: z
    .object({
      dataset_inputs: z
        .array(
          z.object({
            tags: Tags,
            dataset: z.object({
              name: z.string(),
              digest: z.string(),
              source_type: z.string(),
              source: z.string(),
              schema: z.string().optional(),
              profile: z.string().optional(),
            }),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
export type Run = z.infer<typeof Run>;

export const ModelVersion = z.object({
  name: z.string(),
  /** MLflow's own number, from 1. */
  version: z.coerce.number(),
  creation_timestamp: Moment,
  description: z.string().default(''),
  run_id: z.string().default(''),
  source: z.string().default(''),
  status: z.string().default('READY'),
  tags: Tags,
  /** Left out by a search. */
  aliases: z.array(z.string()).default([]),
});
export type ModelVersion = z.infer<typeof ModelVersion>;

export const RegisteredModel = z.object({
  name: z.string(),
  description: z.string().default(''),
  tags: Tags,
  aliases: z
    .array(z.object({ alias: z.string(), version: z.coerce.number() }))
    .default([])
    .transform((aliases) => Object.fromEntries(aliases.map(({ alias, version }) => [alias, version]))),
});
export type RegisteredModel = z.infer<typeof RegisteredModel>;

export const ArtifactEntry = z.object({
  /** Relative to the run's artifacts. */
  path: z.string(),
  is_dir: z.boolean().default(false),
  /** Bytes; left out of an empty file, too. */
  file_size: Count.optional(),
});
export type ArtifactEntry = z.infer<typeof ArtifactEntry>;
