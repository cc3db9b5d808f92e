import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github, Issue } from './github.ts';
import { Login } from './pulls.ts';

const ISSUES = '/repos/{owner}/{repo}/issues';

const IssueAnswer = z.object({
  number: z.number(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  user: Login,
  html_url: z.string(),
  pull_request: z.unknown().optional(),
});

export function issues(ask: Ask): Pick<Github, 'openIssues' | 'createIssue' | 'updateIssue'> {
  return {
    async openIssues({ labels } = {}) {
      const params = { state: 'open', ...(labels && { labels: labels.join(',') }) };
      const all = await ask.pages({ route: `GET ${ISSUES}`, params, about: 'open issues' }, IssueAnswer);
      // For the host every pull request is an issue too.
      return all.filter(({ pull_request }) => pull_request == null).map(issueOf);
    },
    createIssue: async (issue) =>
      issueOf(
        await ask(
          { route: `POST ${ISSUES}`, params: issue, about: `an issue "${issue.title}"` },
          IssueAnswer,
        ),
      ),
    updateIssue: async (issue_number, change) =>
      issueOf(
        await ask(
          {
            route: `PATCH ${ISSUES}/{issue_number}`,
            params: { issue_number, ...change },
            about: `changing issue ${issue_number}`,
          },
          IssueAnswer,
        ),
      ),
  };
}

function issueOf({ number, title, body, state, user, html_url }: z.infer<typeof IssueAnswer>): Issue {
  return { number, title, body: body ?? '', state, author: user, page: html_url };
}
