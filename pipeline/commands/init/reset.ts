import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../clients/file-names.ts';
import { git } from '../../clients/git.ts';
import { folderName } from '../../clients/snapshot-folder.ts';
import { UsageError } from '../../contracts/errors.ts';

/** What git keeps of a demonstration, or of a former life. */
const KEPT_IN_GIT = ['reports', 'data.dvc', 'dvc.lock'];
/** What it left beside them, ignored by git. */
const IGNORED = ['data', 'artifacts', 'models'];

/** Whose reports there are. */
export async function modelsWithReports(repository: string): Promise<string[]> {
  const entries = await readdir(join(repository, 'reports'), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Lets a repository begin from nothing: removes reports with their history, `data.dvc` and `dvc.lock` (git has them),
 *  sets aside what git does not have.
 *  @returns what was done, a line each; empty where there was nothing
 *  @throws UsageError where something is not committed yet */
export async function beginAnew(repository: string, now: Date): Promise<string[]> {
  await refuseUncommitted(repository);
  const done: string[] = [];
  for (const path of KEPT_IN_GIT) {
    if (!(await exists(join(repository, path)))) continue;
    await rm(join(repository, path), { recursive: true });
    done.push(`removed ${path} (git has it)`);
  }
  const aside = join('.perennial', 'set-aside', `repository-${folderName(now.toISOString())}`);
  for (const folder of IGNORED) {
    if (!(await exists(join(repository, folder)))) continue;
    await mkdir(join(repository, aside), { recursive: true });
    await rename(join(repository, folder), join(repository, aside, folder));
    done.push(`moved ${folder}/ to ${aside}/`);
  }
  return done;
}

async function refuseUncommitted(repository: string): Promise<void> {
  const { stdout } = await git(repository, ['status', '--porcelain', '--', ...KEPT_IN_GIT]);
  const changed = stdout.split('\n').filter((line) => line !== '' && !/^( D|D )/.test(line));
  if (changed.length === 0) return;
  throw new UsageError(
    `not reset: ${changed.map((line) => line.slice(3)).join(', ')} ${changed.length === 1 ? 'is' : 'are'} not committed`,
    {
      hint: 'commit or remove them first; what git has can be had back',
    },
  );
}
