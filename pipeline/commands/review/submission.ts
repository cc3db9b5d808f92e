import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GateReport } from '../../contracts/gate.ts';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { REVIEW_LIMITS, type ReviewState, ReviewSubmission } from '../../contracts/review.ts';
import { writeJson, writeWhole } from '../../files.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { withoutSecrets } from '../../secrets.ts';
import type { Workspace } from '../../workspace.ts';
import { type ReviewRequest, workflowRun } from './request.ts';

/** What a review found out about one model. */
export interface Finding {
  state: ReviewState;
  /** One sentence. */
  reason: string;
  dataVersion?: string | null;
  plan?: Plan | null;
  metrics?: MetricsFile | null;
  promotion?: Promotion | null;
  gate?: GateReport | null;
  mlflowRun?: string | null;
  /** Path of the forecasts that are submitted. */
  forecasts?: string | null;
  /** Markdown, in place of the reason alone: what compare has written. */
  report?: string | null;
}

/** `artifacts/<model>/review/`: `review.json`, `report.md` and, where there are any, `forecasts.parquet`; all or nothing.
 *  @returns the report */
export async function submit(
  workspace: Workspace,
  model: string,
  finding: Finding,
  about: { request: ReviewRequest; madeAt: string },
): Promise<string> {
  const folder = reviewFolder(workspace, model);
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  const report = withoutSecrets(finding.report ?? inWords(model, finding));
  await writeWhole(join(part, 'report.md'), `${report.trimEnd()}\n`);
  const forecasts = finding.forecasts ? await copyForecasts(finding.forecasts, part) : null;
  await writeJson(join(part, 'review.json'), ReviewSubmission, {
    format: 1,
    model,
    state: finding.state,
    reason: line(finding.reason),
    head_sha: about.request.head,
    base_ref: about.request.into,
    made_at: about.madeAt,
    run: workflowRun(),
    data_version: finding.dataVersion ?? null,
    plan: finding.plan ?? null,
    champion: finding.plan?.champion
      ? { version: finding.plan.champion.version, digest: finding.plan.champion.digest }
      : null,
    metrics: finding.metrics ?? null,
    promotion: finding.promotion ?? null,
    gate: finding.gate ?? null,
    mlflow_run: finding.mlflowRun ?? null,
    forecasts,
  });
  await rm(folder, { recursive: true, force: true });
  await rename(part, folder);
  return report;
}

/** What an earlier review left says nothing of this one. */
export async function forgetSubmission(workspace: Workspace, model: string): Promise<void> {
  await rm(reviewFolder(workspace, model), { recursive: true, force: true });
}

export function reviewFolder({ root }: Workspace, model: string): string {
  return join(root, 'artifacts', model, 'review');
}

/** The first line of an error: those after it are for the log. */
export function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n')[0] || 'it ended without a word';
}

const inWords = (model: string, { state, reason }: Finding) =>
  `## ${escapeMarkdown(model)}: ${TITLES[state]}\n\n${escapeMarkdown(line(reason), { longest: 1_000 })}`;

const TITLES: Record<ReviewState, string> = {
  unchanged: 'unchanged',
  trained: 'compared',
  first: 'a first model',
  'gate-failed': 'the gate refuses the data',
  'too-short': 'too little data',
  removed: 'removed',
  'not-trained': 'not trained',
  crashed: 'the review failed',
};

function line(reason: string): string {
  return withoutSecrets(reason).replaceAll(/\s+/g, ' ').slice(0, 1_000);
}

async function copyForecasts(from: string, folder: string) {
  const to = join(folder, 'forecasts.parquet');
  await copyFile(from, to);
  const content = await readFile(to);
  if (content.length > REVIEW_LIMITS.unpackedBytes) {
    throw new Error(
      `the forecasts have ${content.length} bytes; at most ${REVIEW_LIMITS.unpackedBytes} are judged`,
    );
  }
  return { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
}
