import type { Environment } from '../environment.ts';

export async function judgeCommand(_environment: Environment, _options: { event?: string }): Promise<void> {
  throw new Error('not built yet');
}
