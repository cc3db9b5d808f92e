import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../../clients/git.ts';
import { filesAt } from '../../clients/git-objects.ts';

/** Makes files and folders of the work tree what they are in a commit, or absent where it has none. Neither the index nor
 *  HEAD is touched: it is the runner's own copy, and nobody commits it. */
export async function takeFrom(root: string, sha: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    await rm(join(root, path), { recursive: true, force: true });
    const there = await filesAt(root, sha, path);
    if (there.length > 0)
      await git(root, ['restore', `--source=${sha}`, '--worktree', '--', `:(literal)${path}`]);
  }
}
