import type { Environment } from '../environment.ts';

export async function protectCommand(
  _environment: Environment,
  _options: { apply?: boolean; json?: boolean },
): Promise<void> {
  throw new Error('not built yet');
}
