import type { Environment } from '../environment.ts';

export async function syncCommand(_environment: Environment, _options: { limit: string }): Promise<void> {
  throw new Error('not built yet');
}
