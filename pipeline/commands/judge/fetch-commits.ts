import { mergeBase, resolveCommit } from '../../clients/git-objects.ts';
import { fetchRefs } from '../../clients/git-remote.ts';
import { PerennialError } from '../../contracts/errors.ts';
import type { Bench } from './bench.ts';
import type { ReviewedPull } from './find-pull.ts';
import { Refusal } from './refusal.ts';
import type { Commits } from './what-changed.ts';

/** Brings the commits that a judgement stands on, as objects and as they are now.
 *  @throws Refusal where the pull request has moved on, or shares no history with its base */
export async function fetchCommits(bench: Bench, pull: ReviewedPull): Promise<Commits> {
  const { root } = bench;
  const place = `refs/perennial/judge/${pull.number}`;
  const branches = [...new Set(['master', pull.into])];
  await fetchRefs(await bench.git(), [
    `+refs/pull/${pull.number}/head:${place}/head`,
    ...branches.map((branch) => `+refs/heads/${branch}:${place}/${branch}`),
  ]);
  const [head, base, master] = await Promise.all(
    ['head', pull.into, 'master'].map((name) => resolveCommit(root, `${place}/${name}`)),
  );
  if (head !== pull.head.sha)
    throw new Refusal(
      'Moved on',
      'The pull request has moved on since its review began; the next review judges it.',
    );
  if (!base || !master)
    throw new PerennialError(`the repository has no branch ${base ? 'master' : pull.into}`, {
      hint: 'fetch it whole: `fetch-depth: 0`',
    });
  const from = await mergeBase(root, base, head);
  if (!from)
    throw new Refusal('No common history', `The pull request and ${pull.into} come from no common commit.`);
  return { head, base, from, master };
}
