import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github, Pull } from './github.ts';
import { GithubError, hasFailed } from './github-error.ts';

const PULLS = '/repos/{owner}/{repo}/pulls';

export const Login = z
  .object({ login: z.string() })
  .nullish()
  // The host's own name for a person who left.
  .transform((user) => user?.login ?? 'ghost');

const PullAnswer = z
  .object({
    number: z.number(),
    title: z.string(),
    body: z.string().nullish(),
    state: z.enum(['open', 'closed']),
    merged_at: z.string().nullish(),
    draft: z.boolean().default(false),
    user: Login,
    head: z.object({
      ref: z.string(),
      sha: z.string(),
      repo: z.object({ full_name: z.string() }).nullish(),
    }),
    base: z.object({ ref: z.string(), sha: z.string() }),
    labels: z.array(z.object({ name: z.string() })).default([]),
    html_url: z.string(),
    created_at: z.string(),
    merge_commit_sha: z.string().nullish(),
  })
  .transform(
    ({ number, title, body, state, merged_at, draft, user, head, base, labels, ...rest }) =>
      ({
        number,
        title,
        body: body ?? '',
        state,
        merged: merged_at != null,
        draft,
        author: user,
        head: { ref: head.ref, sha: head.sha, repo: head.repo?.full_name ?? null },
        base: { ref: base.ref, sha: base.sha },
        labels: labels.map(({ name }) => name),
        page: rest.html_url,
        createdAt: rest.created_at,
        mergeCommit: rest.merge_commit_sha ?? null,
      }) satisfies Pull & { mergeCommit: string | null },
  );

type Pulls = Pick<
  Github,
  'openPulls' | 'pull' | 'createPull' | 'updatePull' | 'mergePull' | 'approvals' | 'pullFiles'
>;

export function pulls(ask: Ask): Pulls {
  const one = (pull_number: number) => ({
    route: `GET ${PULLS}/{pull_number}`,
    params: { pull_number },
    about: `pull request ${pull_number}`,
  });

  /** After an answer that was lost: was it done? */
  async function wasMerged(number: number, lost: unknown): Promise<{ merged: true; sha: string }> {
    const now = await ask.orNull(one(number), PullAnswer);
    if (now?.merged && now.mergeCommit) return { merged: true, sha: now.mergeCommit };
    throw lost;
  }

  return {
    openPulls: (filter = {}) =>
      ask.pages(
        {
          route: `GET ${PULLS}`,
          params: { state: 'open', sort: 'created', direction: 'desc', ...filter },
          about: 'open pull requests',
        },
        PullAnswer,
      ),
    pull: (number) => ask.orNull(one(number), PullAnswer),
    createPull: (pull) =>
      ask(
        { route: `POST ${PULLS}`, params: pull, about: `a pull request from ${pull.head} to ${pull.base}` },
        PullAnswer,
      ),
    updatePull: (number, change) =>
      ask(
        {
          route: `PATCH ${PULLS}/{pull_number}`,
          params: { pull_number: number, ...change },
          about: `changing pull request ${number}`,
        },
        PullAnswer,
      ),

    async mergePull(number, { sha, method, title }) {
      const params = {
        pull_number: number,
        sha,
        merge_method: method,
        ...(title && { commit_title: title }),
      };
      const asked = {
        route: `PUT ${PULLS}/{pull_number}/merge`,
        params,
        about: `merging pull request ${number}`,
        repeatable: false,
      };
      try {
        const done = await ask(
          asked,
          z.object({ merged: z.boolean(), sha: z.string(), message: z.string() }),
        );
        return done.merged ? { merged: true, sha: done.sha } : { merged: false, why: done.message };
      } catch (error) {
        if (hasFailed(error, 'unknown-outcome')) return wasMerged(number, error);
        // 405: rules or conflicts; 409: the head has moved; 422: not possible at all.
        if (error instanceof GithubError && [405, 409, 422].includes(error.status ?? 0))
          return { merged: false, why: error.message };
        throw error;
      }
    },

    async approvals(number) {
      const reviews = await ask.pages(
        {
          route: `GET ${PULLS}/{pull_number}/reviews`,
          params: { pull_number: number },
          about: `reviews of pull request ${number}`,
        },
        z.object({ user: Login, state: z.string(), commit_id: z.string().nullish() }),
      );
      const latest = new Map<string, { author: string; state: string; sha: string }>();
      for (const { user: author, state, commit_id } of reviews) {
        // A remark after an approval takes nothing back; one that is being written says nothing yet.
        if (state === 'PENDING' || (state === 'COMMENTED' && latest.has(author))) continue;
        latest.set(author, { author, state, sha: commit_id ?? '' });
      }
      return [...latest.values()];
    },

    async pullFiles(number) {
      const files = await ask.pages(
        {
          route: `GET ${PULLS}/{pull_number}/files`,
          params: { pull_number: number },
          about: `files of pull request ${number}`,
        },
        ChangedFile,
      );
      if (files.length >= MOST_FILES) {
        throw new GithubError('too-large', `pull request ${number} changes ${MOST_FILES} files or more`, {
          hint: 'the host lists no more of them: split it',
        });
      }
      return files.flatMap(bothNames);
    },
  };
}

const MOST_FILES = 3_000;

export const ChangedFile = z.object({ filename: z.string(), previous_filename: z.string().optional() });
/** A file that was moved is changed in two places. */
export const bothNames = ({ filename, previous_filename }: z.infer<typeof ChangedFile>): string[] =>
  previous_filename === undefined ? [filename] : [previous_filename, filename];
