import { join, resolve } from 'node:path';
import { collectSource } from '../clients/collect-source.ts';
import { EXIT } from '../contracts/errors.ts';
import { GateReport } from '../contracts/gate.ts';
import { writeWhole } from '../files.ts';
import { modelParams, readParams } from '../params.ts';
import { terminalReport } from '../stages/gate/report-text.ts';
import { inspect } from '../stages/gate/run.ts';
import { REPOSITORY } from '../workspace.ts';
import type { Environment } from './environment.ts';
import { withScratch } from './scratch.ts';
import { standingIn } from './standing-in.ts';

export interface GateOptions {
  source: string;
  previous?: string;
  model?: string;
  json?: string;
}

/** `perennial gate`: looks at any file before one connects to it; nothing is kept. */
export async function gateCommand(environment: Environment, options: GateOptions): Promise<void> {
  const { signal, now } = environment;
  const base = standingIn();
  const params = options.model ? modelParams(await readParams(REPOSITORY), options.model) : undefined;
  const report = await withScratch(async (scratch) =>
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
  const document = `${JSON.stringify(GateReport.parse(report), null, 2)}\n`;
  if (options.json === '-') {
    environment.console.print(document.trimEnd());
  } else {
    if (options.json) await writeWhole(resolve(base, options.json), document);
    environment.console.print(terminalReport(report, { colour: process.stdout.isTTY }));
  }
  if (!report.passed) process.exitCode = EXIT.gateFailed;
}
