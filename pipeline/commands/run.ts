import { UsageError } from '../contracts/errors.ts';
import { modelParams, readParams } from '../params.ts';
import { REPOSITORY } from '../workspace.ts';
import type { Environment, Mode } from './environment.ts';
import { runModels } from './run-models.ts';

export interface RunOptions {
  model?: string;
  source?: string;
  mode?: string;
  train?: boolean;
  fresh?: boolean;
  days: number;
  json?: boolean;
}

/** `perennial run` and `perennial start`. */
export async function runCommand(environment: Environment, options: RunOptions): Promise<void> {
  const params = await readParams(REPOSITORY);
  if (options.source && !options.model) {
    throw new UsageError('--source needs --model: the entry of params.yaml whose settings it is read with');
  }
  if (!Number.isInteger(options.days) || options.days < 0) {
    throw new UsageError(`--days ${options.days}: expected a whole number, 0 or more`);
  }
  const names = options.model
    ? [options.model]
    : Object.keys(params.models).filter((name) => params.models[name].active);
  const models = names.map((name) => ({ name, params: modelParams(params, name, options.source) }));
  await runModels(environment, models, { ...options, mode: modeOf(options.mode, params.promotion.mode) });
}

function modeOf(asked: string | undefined, configured: Mode): Mode {
  const mode = asked ?? configured;
  if (mode === 'local' || mode === 'pull-request' || mode === 'auto') return mode;
  throw new UsageError(`--mode ${mode}: expected local, pull-request or auto`);
}
