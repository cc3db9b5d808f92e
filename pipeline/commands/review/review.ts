import type { Environment } from '../environment.ts';

export async function reviewPlanCommand(
  _environment: Environment,
  _options: { into: string; base: string; head: string },
): Promise<void> {
  throw new Error('not built yet');
}

export async function reviewModelCommand(
  _environment: Environment,
  _options: { model: string; into: string; base: string; head: string },
): Promise<void> {
  throw new Error('not built yet');
}
