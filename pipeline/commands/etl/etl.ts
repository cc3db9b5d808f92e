import type { Environment } from '../environment.ts';

export async function etlCollectCommand(
  _environment: Environment,
  _options: { model?: string; train?: boolean },
): Promise<void> {
  throw new Error('not built yet');
}

export async function etlTrainCommand(
  _environment: Environment,
  _options: { model: string; trial?: string },
): Promise<void> {
  throw new Error('not built yet');
}

export async function etlProposeCommand(
  _environment: Environment,
  _options: { from: string },
): Promise<void> {
  throw new Error('not built yet');
}
