import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Comment, Github, Permission } from './github.ts';
import { Login } from './pulls.ts';

const ISSUES = '/repos/{owner}/{repo}/issues';

const CommentAnswer = z
  .object({
    id: z.number(),
    user: Login,
    body: z.string().nullish(),
    html_url: z.string(),
    performed_via_github_app: z.object({ id: z.number() }).nullish(),
  })
  .transform(
    ({ id, user, body, html_url, performed_via_github_app }): Comment => ({
      id,
      author: user,
      body: body ?? '',
      page: html_url,
      app: performed_via_github_app?.id ?? null,
    }),
  );

type Comments = Pick<Github, 'comments' | 'createComment' | 'updateComment' | 'react' | 'permission'>;

export function comments(ask: Ask): Comments {
  return {
    comments: (issue_number) =>
      ask.pages(
        {
          route: `GET ${ISSUES}/{issue_number}/comments`,
          params: { issue_number },
          about: `comments of #${issue_number}`,
        },
        CommentAnswer,
      ),
    createComment: (issue_number, body) =>
      ask(
        {
          route: `POST ${ISSUES}/{issue_number}/comments`,
          params: { issue_number, body },
          about: `a comment on #${issue_number}`,
        },
        CommentAnswer,
      ),
    updateComment: (comment_id, body) =>
      ask(
        {
          route: `PATCH ${ISSUES}/comments/{comment_id}`,
          params: { comment_id, body },
          about: `changing comment ${comment_id}`,
        },
        CommentAnswer,
      ),
    async react(comment_id, content) {
      const route = `POST ${ISSUES}/comments/{comment_id}/reactions`;
      // The same one twice is one.
      await ask(
        {
          route,
          params: { comment_id, content },
          about: `a reaction to comment ${comment_id}`,
          repeatable: true,
        },
        z.unknown(),
      );
    },
    async permission(username) {
      const answer = await ask.orNull(
        {
          route: 'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
          params: { username },
          about: `rights of ${username}`,
        },
        z.object({ permission: z.string(), role_name: z.string().optional() }),
      );
      // `role_name` tells maintain and triage apart; a role of an organisation's own stands on one of the others.
      const role = Role.safeParse(answer?.role_name);
      return role.success ? role.data : Role.catch('none').parse(answer?.permission);
    },
  };
}

const Role: z.ZodType<Permission> & { catch(value: Permission): z.ZodType<Permission> } = z.enum([
  'admin',
  'maintain',
  'write',
  'triage',
  'read',
  'none',
]);
