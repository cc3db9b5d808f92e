import { z } from 'zod';
import { Sha256, Timestamp } from './scalars.ts';

/** JSON has no NaN and no Infinity: they stand as these words. */
const MetricValue = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

/** `artifacts/<model>/spool/<id>/record.json`: all that is told of one training run, written before it is sent anywhere.
 *  It is removed once the tracking server has all of it; until then any later run delivers it. */
export const RunRecord = z.strictObject({
  format: z.literal(1),
  /** Names this delivery for ever (tag `perennial.delivery`): a run made by a request whose answer was lost is found again. */
  id: z.string().regex(/^[0-9a-f]{24}$/),
  model: z.string(),
  experiment: z.string(),
  name: z.string(),
  state: z.enum(['running', 'finished', 'failed']),
  started_at: Timestamp,
  ended_at: Timestamp.nullable(),
  /** Process that writes it: a `running` record of a dead one is a run that died. */
  owner: z.strictObject({ pid: z.number().int(), host: z.string() }),
  /** One sentence: why it failed. */
  failure: z.string().nullable(),
  /** Markdown for a person; shown on top of the run's page. */
  description: z.string(),
  tags: z.record(z.string(), z.string()),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  metrics: z.array(
    z.strictObject({
      key: z.string(),
      value: MetricValue,
      step: z.number().int(),
      at: Timestamp,
    }),
  ),
  datasets: z.array(
    z.strictObject({
      name: z.string(),
      digest: z.string().max(36),
      source_type: z.string(),
      source: z.string(),
      schema: z.string().optional(),
      profile: z.string().optional(),
      context: z.string(),
    }),
  ),
  /** Files beside the record, to be stored under `path` of the run's artifacts. */
  artifacts: z.array(
    z.strictObject({ path: z.string(), file: z.string(), sha256: Sha256, bytes: z.number().int() }),
  ),
  /** The tracking server's run, once there is one. */
  mlflow_run: z.string().nullable(),
});
export type RunRecord = z.infer<typeof RunRecord>;

export function metricValue(value: number): z.infer<typeof MetricValue> {
  return Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');
}

/** Who started a run, and from where. */
export interface RunOrigin {
  user: string;
  /** What was started: a repository's command here, a workflow there. */
  source: string;
  kind: 'command' | 'workflow';
  branch: string | null;
  /** Page of the repository, without user and password. */
  repository: string | null;
  /** Page of the workflow's run. */
  page: string | null;
}
