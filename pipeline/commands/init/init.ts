import type { Environment } from '../environment.ts';

export async function initCommand(
  _environment: Environment,
  _options: {
    owner?: string;
    homes?: string;
    storage?: string;
    models?: string;
    schedule?: string;
    app?: boolean;
    reset?: boolean;
    yes?: boolean;
  },
): Promise<void> {
  throw new Error('not built yet');
}
