import type { Logger } from 'pino';
import type { Comment, Github } from '../../clients/github/github.ts';
import type { PullReport } from '../../contracts/pull-report.ts';
import { commentText } from './comment-text.ts';
import { compareRuns, type Markers, readMarkers, saysTheSame } from './markers.ts';

export interface PostOptions {
  /** Where several reports of one pull request live side by side: the name of this one. */
  slot?: string;
  log?: Pick<Logger, 'info' | 'warn'>;
}

/** The one comment of a pull request: made, edited in place, or left alone where it says the same already or is of a
 *  later run. Takes one listing request for each hundred comments, and at most one that writes; deletes nothing.
 *  @throws GithubError where the host refuses */
export async function postReport(
  github: Github,
  pull: number,
  report: PullReport,
  { slot = '', log }: PostOptions = {},
): Promise<{ page: string; changed: boolean }> {
  const body = commentText(report, { slot });
  const ours: { comment: Comment; markers: Markers }[] = [];
  for (const comment of await github.comments(pull)) {
    const markers = readMarkers(comment.body);
    // Whose it is costs a request at worst, so it is asked only where the text is a report.
    if (markers?.slot === slot && (await github.ours(comment))) ours.push({ comment, markers });
  }
  const [first, ...others] = ours;
  if (!first) {
    const { page } = await github.createComment(pull, body);
    return { page, changed: true };
  }
  if (others.length > 0)
    log?.warn(
      { pull, comments: ours.map(({ comment }) => comment.page) },
      `${ours.length} comments of ours were found on one pull request; the first is kept up to date`,
    );
  const newest = ours.map(({ markers }) => markers.run).reduce((a, b) => (compareRuns(a, b) >= 0 ? a : b));
  if (compareRuns(newest, report.run) > 0) {
    log?.info({ pull, newest, run: report.run }, 'the comment is of a later run and stays');
    return { page: first.comment.page, changed: false };
  }
  if (saysTheSame(first.comment.body, body)) return { page: first.comment.page, changed: false };
  const { page } = await github.updateComment(first.comment.id, body);
  return { page, changed: true };
}
