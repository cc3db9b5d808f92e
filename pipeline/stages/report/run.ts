import type { Logger } from 'pino';
import type { Comment, Github } from '../../clients/github/github.ts';
import { UsageError } from '../../contracts/errors.ts';
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
 *  @throws UsageError if nobody is signed in; GithubError where the host refuses */
export async function postReport(
  github: Github,
  pull: number,
  report: PullReport,
  { slot = '', log }: PostOptions = {},
): Promise<{ page: string; changed: boolean }> {
  const login = await github.login();
  if (login === null)
    throw new UsageError('nobody is signed in on the Git host, so nobody can comment', {
      hint: 'give a token that may write to pull requests, or the App of the robots',
    });
  const body = commentText(report, { slot });
  const ours = (await github.comments(pull)).flatMap((comment) => {
    const markers = ownMarkers(comment, login);
    return markers?.slot === slot ? [{ comment, markers }] : [];
  });
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

function ownMarkers({ author, body }: Comment, login: string): Markers | null {
  return author.toLowerCase() === login.toLowerCase() ? readMarkers(body) : null;
}
