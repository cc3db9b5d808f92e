import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import pino from 'pino';
import { type StageContext, silent } from '../pipeline/context.ts';
import { ModelParams } from '../pipeline/contracts/params.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';

/** A stage's context in a temporary folder, with a clock that the test moves.
 *  @param params an entry of params.yaml, in which `task` may be left out */
export async function temporaryContext(params: Record<string, unknown>) {
  const root = await mkdtemp(join(tmpdir(), 'perennial-'));
  const workspace = workspaceAt(root);
  const clock = { now: new Date('2026-03-01T18:30:00.000Z') };
  const context: StageContext = {
    workspace,
    paths: paths(workspace, 'm'),
    model: 'm',
    params: ModelParams.parse({ task: 'forecast', ...params }),
    now: () => clock.now,
    log: pino({ level: 'silent' }),
    progress: silent,
    signal: new AbortController().signal,
  };
  return { context, clock, remove: () => rm(root, { recursive: true, force: true }) };
}

/** Every file and folder below a folder, with the files' content: equal before and after = nothing was touched. */
export async function tree(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry): Promise<[string, string]> => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path), entry.isDirectory() ? '(folder)' : await readFile(path, 'latin1')];
    }),
  );
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
