import { git } from '../../clients/git.ts';
import type { CommitAnswer } from './judge-commit.ts';

/** Looks for a commit in a clone.
 *  @param commit hexadecimal */
export async function readCommit(repository: string, commit: string): Promise<CommitAnswer> {
  const shown = ['log', '-1', '--format=%cI%x09%s', '--end-of-options', `${commit}^{commit}`];
  const { exitCode, stdout } = await git(repository, shown, { accept: [1, 128] });
  if (exitCode === 0) {
    const [at, subject] = stdout.trim().split('\t');
    return { state: 'found', at, subject };
  }
  const shallow = await git(repository, ['rev-parse', '--is-shallow-repository'], { accept: [128] });
  if (shallow.exitCode !== 0) return { state: 'no-git' };
  return { state: shallow.stdout.trim() === 'true' ? 'shallow' : 'absent' };
}

/** The commit of the workspace's own git at which `data.dvc` first named a data version.
 *  @returns null where none did, or there is no git */
export async function readRevision(root: string, dataVersion: string): Promise<string | null> {
  const asked = ['log', '--format=%H', `-S${dataVersion}`, '--', 'data.dvc'];
  const { exitCode, stdout } = await git(root, asked, { accept: [128] });
  if (exitCode !== 0) return null;
  return stdout.trim().split('\n').at(-1) || null;
}
