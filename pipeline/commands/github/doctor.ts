import type { Environment } from '../environment.ts';

export async function githubDoctorCommand(
  _environment: Environment,
  _options: { json?: boolean },
): Promise<void> {
  throw new Error('not built yet');
}
