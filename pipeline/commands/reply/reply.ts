import type { Environment } from '../environment.ts';

export async function replyCommand(_environment: Environment, _options: { event?: string }): Promise<void> {
  throw new Error('not built yet');
}
