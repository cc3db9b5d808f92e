import type { Pull } from '../../clients/github/github.ts';
import type { Bench } from './bench.ts';
import type { ReviewRun } from './read-event.ts';

/** Branches that models are reviewed on their way into. */
const REVIEWED = ['test', 'master'] as const;
export type Reviewed = (typeof REVIEWED)[number];

export interface ReviewedPull extends Pull {
  into: Reviewed;
  /** Its branch lies in another repository. */
  fork: boolean;
}

/** The open pull requests that a review may have been of: their branch is at that very commit, in that very repository.
 *  The host is asked, never the artifact. Exactly one is judged. */
export async function findPulls({ github }: Bench, { head }: ReviewRun): Promise<ReviewedPull[]> {
  if (!head.owner || !head.branch) return [];
  const pulls = await github.openPulls({ head: `${head.owner}:${head.branch}` });
  return pulls.flatMap((pull) => {
    const into = REVIEWED.find((branch) => branch === pull.base.ref);
    const same = pull.head.repo === head.repository && pull.head.sha === head.sha;
    return into && same ? [{ ...pull, into, fork: pull.head.repo !== github.repository }] : [];
  });
}
