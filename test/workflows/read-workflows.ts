import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const REPOSITORY = join(import.meta.dirname, '..', '..');

const Values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const Step = z.looseObject({
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: Values.optional(),
  env: Values.optional(),
  run: z.string().optional(),
});
const Job = z.looseObject({
  name: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  if: z.string().optional(),
  environment: z.string().optional(),
  'timeout-minutes': z.number().optional(),
  permissions: z.record(z.string(), z.string()).optional(),
  env: Values.optional(),
  strategy: z.looseObject({ matrix: z.record(z.string(), z.unknown()).optional() }).optional(),
  steps: z.array(Step),
});
const Workflow = z.looseObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.unknown(),
  concurrency: z.looseObject({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  env: Values.optional(),
  jobs: z.record(z.string(), Job),
});
const Action = z.looseObject({ runs: z.looseObject({ steps: z.array(Step) }) });

export type Step = z.infer<typeof Step>;
export type Job = z.infer<typeof Job>;
export type Workflow = z.infer<typeof Workflow>;

/** Text by path below the repository: `.github/workflows/…` and `.github/actions/…/action.yml`. */
export type Sources = Map<string, string>;

export function workflowSources(): Sources {
  const found = readdirSync(join(REPOSITORY, '.github'), { recursive: true, encoding: 'utf8' })
    .map((path) => join('.github', path))
    .filter((path) => /^\.github\/(workflows\/[^/]+|actions\/.+\/action)\.ya?ml$/.test(path))
    .sort();
  return new Map(found.map((path) => [path, readFileSync(join(REPOSITORY, path), 'utf8')]));
}

export const isWorkflow = (path: string) => path.startsWith('.github/workflows/');

export function readWorkflow(text: string): Workflow {
  return Workflow.parse(parse(text));
}

/** Of a workflow or of a composite action. */
export function stepsOf(path: string, text: string): Step[] {
  if (!isWorkflow(path)) return Action.parse(parse(text)).runs.steps;
  return Object.values(readWorkflow(text).jobs).flatMap((job) => job.steps);
}
