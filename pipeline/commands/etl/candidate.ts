import type { Environment } from '../environment.ts';

export async function candidatePlanCommand(
  _environment: Environment,
  _options: { before: string; after: string },
): Promise<void> {
  throw new Error('not built yet');
}

export async function candidateProposeCommand(
  _environment: Environment,
  _options: { from: string },
): Promise<void> {
  throw new Error('not built yet');
}
