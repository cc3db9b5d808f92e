import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectSource } from '../clients/collect-source.ts';
import { githubAt } from '../clients/github/github-at.ts';
import { withScratch } from '../clients/scratch.ts';
import { PerennialError, UsageError } from '../contracts/errors.ts';
import type { GateReport } from '../contracts/gate.ts';
import { PromotionParams } from '../contracts/params.ts';
import type { ModelReport, PullReport } from '../contracts/pull-report.ts';
import type { Judgement } from '../contracts/review.ts';
import { writeWhole } from '../files.ts';
import { readGithub } from '../home-settings/github.ts';
import { VERDICTS } from '../metrics/wording.ts';
import type { Decision } from '../stages/compare/decide.ts';
import { inspect } from '../stages/gate/run.ts';
import { summaryText } from '../stages/report/comment-text.ts';
import { postReport } from '../stages/report/run.ts';
import { type PullEvent, pullEvent } from './event.ts';
import { fileAt, type Inputs } from './inputs.ts';
import { decideOnNumbers, NumbersFile } from './numbers.ts';
import { type Compared, comparePredictions, METRICS_OF_PREDICTIONS } from './predictions.ts';
import { readPredictions } from './read-predictions.ts';

export interface Outcome {
  merge: boolean;
  promote: boolean;
  /** `better`, `worse`, `inconclusive` …, `gate-failed`, or `passed` where only data were looked at. */
  verdict: string;
  /** The top line of the report, as plain words. */
  reason: string;
  /** File with the whole report. */
  report: string;
  summary: string;
  /** What a reader of the log should know, one sentence each. */
  warnings: string[];
}

/** Gate, decision, report and comment for one step of anybody's workflow.
 *  @throws PerennialError where a file is not what it should be */
export async function runAction(
  inputs: Inputs,
  { env, signal, now }: { env: NodeJS.ProcessEnv; signal: AbortSignal; now: () => Date },
): Promise<Outcome> {
  const event = await pullEvent(env);
  const gate = inputs.data ? await gateOf(inputs.data, { env, signal, now }) : null;
  const compared =
    gate && !gate.passed ? null : await comparison(inputs, { env, madeAt: now().toISOString() });
  const judgement = judged(inputs, gate, compared);
  const warnings: string[] = [];
  if (event?.fork)
    warnings.push(
      'This pull request comes from a fork: its workflow may not comment, so the report is in the job’s summary alone.',
    );
  const report = pullReport({
    judgement,
    compared,
    event,
    env,
    notes: warnings,
    madeAt: now().toISOString(),
  });
  const summary = summaryText(report);
  const path = join(env.RUNNER_TEMP ?? process.cwd(), `perennial-report-${inputs.name}.md`);
  await writeWhole(path, summary);
  if (inputs.comment && event && !event.fork) {
    const told = await comment(report, { inputs, event, env });
    if (told) warnings.push(told);
  }
  return {
    merge: judgement.status === 'success',
    promote: judgement.status === 'success' && (judgement.promotion?.promote ?? false),
    verdict: gate && !gate.passed ? 'gate-failed' : (judgement.promotion?.outcome ?? 'passed'),
    reason: judgement.reason,
    report: path,
    summary,
    warnings,
  };
}

interface Around {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  now: () => Date;
}

async function gateOf(data: string, { env, signal, now }: Around): Promise<GateReport> {
  const base = env.GITHUB_WORKSPACE ?? process.cwd();
  return withScratch(async (scratch) =>
    inspect({
      files: await collectSource(data, scratch, { signal, base }),
      source: data,
      now: now(),
      signal,
    }),
  );
}

type Comparison = Omit<Compared, 'metrics' | 'decision'> & {
  decision: Decision;
  metrics: Compared['metrics'] | null;
};

async function comparison(
  inputs: Inputs,
  { env, madeAt }: { env: NodeJS.ProcessEnv; madeAt: string },
): Promise<Comparison | null> {
  const named = inputs.predictions || inputs.metrics;
  if (!named) return null;
  const path = fileAt(named, env);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new UsageError(`${named} cannot be read`, {
      hint: 'name it from the top of the repository',
      cause,
    });
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  const policy = { min_improvement: inputs['min-improvement'], allowed_loss: inputs['allowed-loss'] };
  if (inputs.metrics) {
    const decision = decideOnNumbers(numbersOf(bytes, named), {
      model: inputs.name,
      metric: inputs.metric,
      policy,
      digest,
    });
    return { decision, metrics: null, losses: [], notes: [] };
  }
  const metric = inputs.metric || 'wape';
  if (!(METRICS_OF_PREDICTIONS as readonly string[]).includes(metric))
    throw new UsageError(`predictions alone do not tell ${metric}`, {
      hint: `choose one of ${METRICS_OF_PREDICTIONS.join(', ')}`,
    });
  return comparePredictions(await readPredictions(path, named), {
    model: inputs.name,
    policy: PromotionParams.parse({ ...policy, metric, min_cutoffs: inputs['min-times'] }),
    times: inputs['block-times'],
    digest,
    madeAt,
    commit: env.GITHUB_SHA ?? 'unknown',
  });
}

function numbersOf(bytes: Buffer, shown: string): NumbersFile {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new UsageError(`${shown} is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      hint: 'NaN and Infinity are no JSON: write null, and the decision refuses it',
      cause,
    });
  }
  const parsed = NumbersFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new UsageError(`${shown}: ${path.join('.') || 'the file'}: ${message}`, {
    hint: 'write { "rmse": { "direction": "lower", "challenger": 1.2, "champion": 1.3, "baseline": 2 } }',
  });
}

function judged(inputs: Inputs, gate: GateReport | null, compared: Comparison | null): Judgement {
  const common = {
    model: inputs.name,
    metrics: compared?.metrics ?? null,
    gate,
    notes: compared?.notes ?? [],
    override: null,
  };
  if (gate && !gate.passed) {
    const failed = gate.expectations
      .filter(({ passed, severity }) => !passed && severity === 'fail')
      .map(({ expectation, examples }) => [expectation, ...examples.slice(0, 1)].join(': '));
    const reason = `The gate refused ${inputs.data}: ${failed.join('; ') || 'see its report'}.`;
    return { ...common, status: 'failure', headline: 'The gate refused the data', reason, promotion: null };
  }
  if (!compared) {
    const reason = `The gate passed ${inputs.data}: ${gate?.rows.toLocaleString('en-US')} rows.`;
    return { ...common, status: 'success', headline: 'The gate passed', reason, promotion: null };
  }
  const { decision } = compared;
  return {
    ...common,
    status: decision.merge ? 'success' : 'failure',
    headline: VERDICTS[decision.outcome].split(':')[0],
    reason: decision.reason,
    promotion: { ...decision, decided_at: compared.metrics?.made_at ?? new Date(0).toISOString() },
  };
}

function pullReport({
  judgement,
  compared,
  event,
  env,
  notes,
  madeAt,
}: {
  judgement: Judgement;
  compared: Comparison | null;
  event: PullEvent | null;
  env: NodeJS.ProcessEnv;
  notes: string[];
  madeAt: string;
}): PullReport {
  const page = `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${env.GITHUB_REPOSITORY ?? ''}`;
  const run = Number(env.GITHUB_RUN_ID) || 0;
  const headSha = event?.headSha ?? env.GITHUB_SHA ?? 'unknown';
  const model: ModelReport = {
    judgement,
    losses: compared?.losses ?? [],
    places: null,
    names: new Map(),
    data: dataOf(judgement.gate),
    params: [],
    lineage: { commit: null, dataVersion: null, bundle: null, mlflowRun: null, artifact: null },
  };
  return {
    run: { id: run, attempt: Number(env.GITHUB_RUN_ATTEMPT) || 1, page: `${page}/actions/runs/${run}` },
    headSha,
    commitPage: `${page}/commit/${headSha}`,
    baseRef: event?.baseRef ?? env.GITHUB_REF_NAME ?? '–',
    madeAt,
    status: { state: judgement.status, description: judgement.reason },
    notes,
    commands: [],
    models: [model],
  };
}

function dataOf(gate: GateReport | null): ModelReport['data'] {
  return (
    gate && {
      from: null,
      to: null,
      rows: { from: null, to: gate.rows },
      lastTime: { from: null, to: gate.last_time },
      schema: [],
      warnings: gate.expectations
        .filter(({ passed }) => !passed)
        .map(({ expectation, examples }) => [expectation, ...examples.slice(0, 1)].join(': ')),
    }
  );
}

/** @returns what went wrong, in words: a comment that could not be posted changes no verdict */
async function comment(
  report: PullReport,
  { inputs, event, env }: { inputs: Inputs; event: PullEvent; env: NodeJS.ProcessEnv },
): Promise<string | null> {
  if (!inputs.token) return 'No comment: the step was given no `token`.';
  try {
    // Of the repository that the step runs for, whatever else this machine is set up for.
    const { GITHUB_API_URL, GITHUB_SERVER_URL, GITHUB_REPOSITORY } = env;
    const home = await readGithub({
      GITHUB_API_URL,
      GITHUB_SERVER_URL,
      GITHUB_REPOSITORY,
      GITHUB_TOKEN: inputs.token,
    });
    await postReport(githubAt(home), event.number, report, { slot: inputs.name });
    return null;
  } catch (error) {
    if (!(error instanceof PerennialError)) throw error;
    return `No comment: ${error.message}${error.hint ? ` (${error.hint})` : ''}; the report is in the job’s summary.`;
  }
}
