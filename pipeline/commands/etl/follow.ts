import type { Environment } from '../environment.ts';

export async function followCommand(_environment: Environment, _options: { model?: string }): Promise<void> {
  throw new Error('not built yet');
}
