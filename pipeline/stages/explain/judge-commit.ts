import { broken, type Link, ok, unknown } from './link.ts';

export type CommitAnswer =
  | { state: 'found'; at: string; subject: string }
  | { state: 'absent' }
  | { state: 'shallow' }
  | { state: 'no-git' };

/** The commit is in this clone. */
export function judgeCommit(commit: string, answer: CommitAnswer): Link {
  const about = { link: 'commit' as const, value: commit };
  if (commit === 'unknown')
    return unknown({ ...about, why: 'it was trained outside of a git checkout: nothing names its code' });
  if (!/^[0-9a-f]{7,64}$/.test(commit))
    return broken({
      ...about,
      why: 'this is no commit',
      hint: 'the version was not made by `perennial run`; train again for one whose code is known',
    });
  switch (answer.state) {
    case 'found':
      return ok({ ...about, why: `${answer.at.slice(0, 10)} ${answer.subject}` });
    case 'shallow':
      return unknown({
        ...about,
        why: 'this clone is shallow and does not reach back to it',
        hint: 'run `git fetch --unshallow`',
      });
    case 'no-git':
      return unknown({ ...about, why: 'this is no git checkout', hint: 'ask in a clone of the repository' });
    case 'absent':
      return broken({
        ...about,
        why: 'this repository has no such commit',
        hint: 'run `git fetch --all`; if it was never pushed, it is on the machine that trained, or lost',
      });
  }
}
