import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Params } from '../contracts/params.ts';
import { writeWhole } from '../files.ts';
import { REPOSITORY, type Workspace, workspaceAt } from '../workspace.ts';
import { dvcAt } from './dvc.ts';
import { git } from './git.ts';

export { lockWorkspace } from './workspace-lock.ts';

export interface WorkspaceRequest {
  mode: Params['promotion']['mode'];
  repository?: string;
  signal?: AbortSignal;
}

/** Makes the place that a run writes into, whatever a killed run left of it, and brings its `dvc.yaml` and
 *  `params.yaml` up to date. `local`: `.perennial/`, a git and DVC repository of its own, which the outer repository
 *  ignores; otherwise the repository itself. */
export async function prepareWorkspace(request: WorkspaceRequest): Promise<Workspace> {
  const { mode, repository = REPOSITORY, signal } = request;
  if (mode !== 'local') {
    await ensureDvc(repository, signal);
    return { root: workspaceAt(repository).root, local: false };
  }
  const root = join(repository, '.perennial');
  await mkdir(root, { recursive: true });
  await ensureGit(root);
  await ensureDvc(root, signal);
  await writeIfChanged(join(root, '.gitignore'), IGNORED);
  for (const name of ['dvc.yaml', 'params.yaml']) {
    await writeIfChanged(join(root, name), await readFile(join(repository, name), 'utf8'));
  }
  return { root: workspaceAt(root).root, local: true };
}

/** Commits what a run leaves in git: in `.perennial/`; in the repository itself the workflow does.
 *  @returns the commit's SHA, or null when nothing changed or the workspace is not local */
export async function commitWorkspace(workspace: Workspace, message: string): Promise<string | null> {
  const { root, local } = workspace;
  if (!local) return null;
  const there = COMMITTED.filter((name) => existsSync(join(root, name)));
  await git(root, ['add', '--all', '--', ...there]);
  const { exitCode } = await git(root, ['diff', '--cached', '--quiet'], { accept: [1] });
  if (exitCode === 0) return null;
  await git(root, ['commit', '--quiet', '--no-verify', '--message', message]);
  return (await git(root, ['rev-parse', 'HEAD'])).stdout.trim();
}

const COMMITTED = [
  ...['.gitignore', '.dvcignore', '.dvc/.gitignore', '.dvc/config'],
  ...['params.yaml', 'dvc.yaml', 'dvc.lock', 'data.dvc', 'reports'],
];

const IGNORED = ['# Made by `npm start`.', '/data', '/artifacts/', '/models/', ''].join('\n');

/** The last setting written marks a repository that is whole; `git init` on half of one completes it. */
const COMPLETE = ['perennial.complete', 'true'] as const;

async function ensureGit(root: string): Promise<void> {
  // Without `--git-dir` git would answer for the outer repository where the inner one is not there yet.
  const gitDir = ['--git-dir', join(root, '.git')];
  const { stdout } = await git(root, [...gitDir, 'config', '--get', COMPLETE[0]], { accept: [1, 128] });
  if (stdout.trim() === COMPLETE[1]) return;
  await git(root, ['init', '--quiet', '--initial-branch', 'main', root]);
  for (const [name, value] of [
    ['user.name', 'perennial'],
    ['user.email', 'perennial@localhost'],
    ['commit.gpgsign', 'false'],
    ['core.hooksPath', '/dev/null'],
    ['core.autocrlf', 'false'],
    COMPLETE,
  ]) {
    await git(root, [...gitDir, 'config', name, value]);
  }
}

/** Our settings are written last; without any, `dvc init` was interrupted and begins anew. */
async function ensureDvc(root: string, signal?: AbortSignal): Promise<void> {
  const at = (name: string) => join(root, '.dvc', name);
  const settings = await readFile(at('config'), 'utf8').catch(() => '');
  // Where there is a cache there was a repository: to begin anew would throw the data away.
  if (settings.trim() !== '' || existsSync(at('cache'))) return;
  await dvcAt({ root, signal }).init({ force: existsSync(join(root, '.dvc')) });
}

async function writeIfChanged(path: string, content: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => null);
  if (before !== content) await writeWhole(path, content);
}
