import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { collectSource } from '../clients/collect-source.ts';
import { isRemote } from '../clients/local-files.ts';
import { withScratch } from '../clients/scratch.ts';
import { commitWorkspace, lockWorkspace, prepareWorkspace } from '../clients/workspace.ts';
import { EXIT, PerennialError, UpstreamError, UsageError } from '../contracts/errors.ts';
import { GateReport } from '../contracts/gate.ts';
import type { ModelParams } from '../contracts/params.ts';
import { writeWhole } from '../files.ts';
import { modelParams, readParams } from '../params.ts';
import { type Readmission, readmit } from '../stages/gate/readmit.ts';
import { refusedReport } from '../stages/gate/refused-report.ts';
import { terminalReport } from '../stages/gate/report-text.ts';
import { inspect } from '../stages/gate/run.ts';
import { REPOSITORY } from '../workspace.ts';
import { type Environment, stageContext } from './environment.ts';
import { standingIn } from './standing-in.ts';

export interface GateOptions {
  source: string;
  previous?: string;
  model?: string;
  json?: string;
}

/** `perennial gate`: looks at any file before one connects to it; nothing is kept. Whatever the source turns out to
 *  be, a report is written: a file without a table fails it (exit 4), a source that cannot be reached does too (exit 3). */
export async function gateCommand(environment: Environment, options: GateOptions): Promise<void> {
  const params = options.model ? modelParams(await readParams(REPOSITORY), options.model) : undefined;
  const show = async (report: GateReport) => {
    const document = `${JSON.stringify(GateReport.parse(report), null, 2)}\n`;
    if (options.json === '-') {
      environment.console.print(document.trimEnd());
      return;
    }
    if (options.json) await writeWhole(resolve(standingIn(), options.json), document);
    environment.console.print(terminalReport(report, { colour: process.stdout.isTTY }));
  };
  try {
    const report = await look(environment, options, params);
    await show(report);
    if (!report.passed) process.exitCode = EXIT.gateFailed;
  } catch (error) {
    if (environment.signal.aborted || !(error instanceof Error)) throw error;
    if (!(error instanceof PerennialError)) {
      // A fault of ours: whoever waits for the report learns of it there too, and the error goes on.
      await show(refusedReport(options.source, { message: `unexpected: ${error.message}`, facts: {} }));
      throw error;
    }
    if (error instanceof UsageError) throw error;
    await show(refusedReport(options.source, error));
    const here = error instanceof UpstreamError && isHere(options.source) && isHere(options.previous);
    process.exitCode = here ? EXIT.gateFailed : error.exitCode;
  }
}

async function look(
  { signal, now }: Environment,
  options: GateOptions,
  params: ModelParams | undefined,
): Promise<GateReport> {
  const base = standingIn();
  return withScratch(async (scratch) =>
    inspect({
      files: await collectSource(options.source, join(scratch, 'source'), { signal, base }),
      source: options.source,
      previous: options.previous
        ? await collectSource(options.previous, join(scratch, 'previous'), { signal, base })
        : undefined,
      params,
      now: now(),
      signal,
    }),
  );
}

/** What lies on this disk was reached: what is wrong with it is wrong with the data. */
function isHere(source: string | undefined): boolean {
  return source === undefined || (!isRemote(source) && existsSync(resolve(standingIn(), source)));
}

/** `perennial readmit`: quarantined rows go through the gate again, after `params.yaml` was mended. */
export async function readmitCommand(environment: Environment, model: string): Promise<void> {
  const params = await readParams(REPOSITORY);
  const entry = modelParams(params, model);
  const workspace = await prepareWorkspace({ mode: params.promotion.mode, repository: REPOSITORY });
  const unlock = await lockWorkspace(workspace);
  try {
    const done = await readmit(stageContext(environment, workspace, model, entry));
    const added = done.reduce((sum, one) => sum + one.added, 0);
    if (added > 0) await commitWorkspace(workspace, `${model}: ${added} rows readmitted`);
    environment.console.print(readmissionText(model, done));
  } finally {
    await unlock();
  }
}

/** What became of each quarantine file, and what to do with what is left. */
export function readmissionText(model: string, done: readonly Readmission[]): string {
  if (done.length === 0) return `${model}: nothing is in quarantine.`;
  const lines = done.map(
    ({ file, tried, passed, added, remaining }) =>
      `  ${basename(file)}: ${rows(tried)} tried, ${passed} pass now, ${added} of them new to the model, ${remaining} stay`,
  );
  const [added, remaining] = [sum(done, 'added'), sum(done, 'remaining')];
  return [
    `${model}: ${rows(added)} taken back from quarantine, ${remaining} stay there.`,
    ...lines,
    ...(added > 0 ? [`The next \`npm run pipeline -- run --model ${model}\` uses them.`] : []),
    ...(remaining > 0
      ? [
          'Those that stay say why in their first column; mend `roles:` in params.yaml, or the source, and try again.',
        ]
      : []),
  ].join('\n');
}

function sum(done: readonly Readmission[], key: 'added' | 'remaining'): number {
  return done.reduce((total, one) => total + one[key], 0);
}

function rows(n: number): string {
  return `${n} ${n === 1 ? 'row' : 'rows'}`;
}
