import type { Environment } from '../environment.ts';

export async function pruneCommand(
  _environment: Environment,
  _options: { apply?: boolean; keep: number; json?: boolean },
): Promise<void> {
  throw new Error('not built yet');
}
