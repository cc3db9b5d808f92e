import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../contracts/errors.ts';
import { REPOSITORY, type Workspace, workspaceAt } from '../workspace.ts';
import type { Mode } from './environment.ts';

/** Where runs have written; nothing is made here.
 *  @throws UsageError if none has */
export function workspaceOf(mode: Mode): Workspace {
  if (mode !== 'local') return workspaceAt(REPOSITORY);
  const root = join(REPOSITORY, '.perennial');
  if (existsSync(root)) return workspaceAt(root);
  throw new UsageError('nothing has run here yet', { hint: '`npm start` runs what params.yaml names' });
}
