import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Console, makeConsole, openLog } from '../console.ts';
import type { StageContext } from '../context.ts';
import { UsageError } from '../contracts/errors.ts';
import type { ModelParams, Params } from '../contracts/params.ts';
import { paths, REPOSITORY, type Workspace } from '../workspace.ts';

export type Mode = Params['promotion']['mode'];

/** What every command of one process shares. */
export interface Environment {
  run: string;
  console: Console;
  log: Logger;
  now: () => Date;
  signal: AbortSignal;
}

export interface GlobalOptions {
  quiet?: boolean;
  json?: boolean;
  /** Frozen clock, ISO 8601. */
  now?: string;
}

/** Reads the clock and the terminal once, so that nothing below does. */
export function makeEnvironment(options: GlobalOptions, signal: AbortSignal): Environment {
  const frozen = options.now ?? process.env.PERENNIAL_NOW;
  const moment = frozen ? new Date(frozen) : null;
  if (moment && Number.isNaN(moment.getTime())) {
    throw new UsageError(`--now ${frozen} is not a moment`, { hint: 'write it as 2026-06-30T22:00:00Z' });
  }
  const run = process.env.PERENNIAL_RUN ?? randomBytes(6).toString('hex');
  // Stages that run below this process belong to the same run and see the same clock.
  process.env.PERENNIAL_RUN = run;
  const inWorkflow = process.env.GITHUB_ACTIONS === 'true';
  return {
    run,
    console: makeConsole({ quiet: options.quiet ?? false, json: options.json ?? false }),
    log: openLog({ file: inWorkflow ? null : join(REPOSITORY, '.perennial', 'logs', `${run}.jsonl`), run }),
    now: moment ? () => new Date(moment) : () => new Date(),
    signal,
  };
}

export function stageContext(
  environment: Environment,
  workspace: Workspace,
  model: string,
  params: ModelParams,
): StageContext {
  return {
    workspace,
    paths: paths(workspace, model),
    model,
    params,
    now: environment.now,
    log: environment.log.child({ model }),
    progress: environment.console.progress,
    signal: environment.signal,
  };
}
