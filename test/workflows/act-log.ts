import { z } from 'zod';
import type { Workflow } from './read-workflows.ts';

export type Result = 'success' | 'failure' | 'skipped' | 'cancelled';

export interface JobRun {
  /** Its key in the workflow. */
  id: string;
  /** As it is shown: with its matrix's values. */
  name: string;
  result: Result;
  steps: { name: string; result: string }[];
  /** What its steps printed. */
  log: string;
  /** Markdown that its steps left for the page of the run. */
  summary: string;
}

export interface ActRun {
  result: Result;
  /** In the order of their ends; a job that no entry of a matrix ran is skipped. */
  jobs: JobRun[];
  log: string;
}

const Line = z.looseObject({
  job: z.string().optional(),
  jobID: z.string().optional(),
  jobResult: z.string().optional(),
  matrix: z.unknown(),
  msg: z.string().default(''),
  raw_output: z.boolean().optional(),
  stage: z.string().optional(),
  step: z.string().optional(),
  stepID: z.array(z.string()).optional(),
  stepResult: z.string().optional(),
  command: z.string().optional(),
  content: z.string().optional(),
  level: z.string().optional(),
});
type Line = z.infer<typeof Line>;

/** @param text what `act --json` prints: one JSON object a line, and a few lines that are none */
export function readActLog(text: string, workflow: Workflow): ActRun {
  const jobs = new Map<string, JobRun>();
  const aside: string[] = [];
  for (const row of text.split('\n')) {
    const line = lineOf(row);
    if (line?.jobID === undefined) aside.push(line?.msg ?? row);
    else note(jobs, line);
  }
  const ran = [...jobs.values()].map(ofItself);
  const seen = new Set(ran.map(({ id }) => id));
  const skipped = Object.entries(workflow.jobs)
    .filter(([id]) => !seen.has(id))
    .map(
      ([id, job]): JobRun => ({
        id,
        name: job.name ?? id,
        result: 'skipped',
        steps: [],
        log: '',
        summary: '',
      }),
    );
  const all = [...ran, ...skipped];
  return {
    result: all.every(({ result }) => result === 'skipped')
      ? 'skipped'
      : ran.some(({ result }) => result !== 'success' && result !== 'skipped')
        ? 'failure'
        : 'success',
    jobs: all,
    log: [...aside, ...ran.map((job) => `── ${job.name}: ${job.result}\n${job.log}`)].join('\n').trim(),
  };
}

/** act says `failure` of every entry of a matrix once one of them has failed. */
function ofItself(job: JobRun, _at: number, all: JobRun[]): JobRun {
  const failed = ({ steps }: JobRun) => steps.some(({ result }) => result === 'failure');
  if (job.result !== 'failure' || failed(job)) return job;
  return all.some((other) => other.id === job.id && failed(other)) ? { ...job, result: 'success' } : job;
}

function note(jobs: Map<string, JobRun>, line: Line): void {
  const key = `${line.jobID} ${JSON.stringify(line.matrix)}`;
  let job = jobs.get(key);
  if (!job) {
    const shown = (line.job ?? '').slice((line.job ?? '').indexOf('/') + 1).trim();
    // act numbers the entries of a matrix.
    const name = isEmpty(line.matrix) ? shown : shown.replace(/-\d+$/, '');
    // A job that never comes to its end was cut off.
    job = { id: line.jobID!, name, result: 'cancelled', steps: [], log: '', summary: '' };
    jobs.set(key, job);
  }
  if (line.raw_output || line.level === 'error')
    job.log += line.msg.endsWith('\n') ? line.msg : `${line.msg}\n`;
  if (line.command === 'summary') job.summary += line.content ?? '';
  else if (line.command !== undefined && ['error', 'warning', 'notice'].includes(line.command))
    job.log += `${line.command}: ${line.msg.trim()}\n`;
  // Of a composite action's steps only the whole.
  if (line.stepResult && line.stage === 'Main' && line.step && line.stepID?.length === 1)
    job.steps.push({ name: line.step, result: line.stepResult });
  if (line.jobResult) job.result = line.jobResult as Result;
}

const isEmpty = (matrix: unknown) => Object.keys((matrix as object | undefined) ?? {}).length === 0;

function lineOf(row: string): Line | null {
  if (!row.startsWith('{')) return null;
  try {
    return Line.parse(JSON.parse(row));
  } catch {
    return null;
  }
}
