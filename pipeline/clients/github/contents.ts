import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github } from './github.ts';
import { GithubError } from './github-error.ts';
import { bothNames, ChangedFile } from './pulls.ts';

const REPOSITORY = '/repos/{owner}/{repo}';

type Contents = Pick<Github, 'branch' | 'deleteBranch' | 'commit' | 'putFile'>;

export function contents(ask: Ask): Contents {
  return {
    // Not `branches/{branch}`: of a branch that was renamed that one tells the new name's commit.
    async branch(name) {
      const route = `GET ${REPOSITORY}/git/ref/{ref}`;
      const found = await ask.orNull(
        { route, params: { ref: `heads/${name}` }, about: `branch ${name}` },
        z.object({ object: z.object({ sha: z.string() }) }),
      );
      return found && { sha: found.object.sha };
    },

    async deleteBranch(name) {
      const route = `DELETE ${REPOSITORY}/git/refs/{ref}`;
      try {
        await ask({ route, params: { ref: `heads/${name}` }, about: `deleting branch ${name}` }, z.unknown());
      } catch (error) {
        const absent =
          error instanceof GithubError &&
          (error.status === 404 || (error.status === 422 && /does not exist/i.test(error.message)));
        if (!absent) throw error;
      }
    },

    async commit(ref) {
      const asked = {
        route: `GET ${REPOSITORY}/commits/{ref}`,
        params: { ref },
        about: `commit ${ref.slice(0, 12)}`,
      };
      try {
        const { sha, author, committer, commit, parents, files } = await ask(asked, CommitAnswer);
        return {
          sha,
          author: author?.login ?? null,
          committer: committer?.login ?? null,
          verified: commit.verification?.verified ?? false,
          parents: parents.map((parent) => parent.sha),
          files: files.flatMap(bothNames),
          message: commit.message,
        };
      } catch (error) {
        // 422: a sha that the repository never had.
        if (error instanceof GithubError && [404, 422].includes(error.status ?? 0)) return null;
        throw error;
      }
    },

    async putFile(path, { branch, content, message, replaces }) {
      const params = {
        path,
        branch,
        message,
        content: Buffer.from(content).toString('base64'),
        ...(replaces && { sha: replaces }),
      };
      // Made again it would be refused: the file has another blob by then.
      const asked = {
        route: `PUT ${REPOSITORY}/contents/{path}`,
        params,
        about: `${path} on ${branch}`,
        repeatable: false,
      };
      const { commit } = await ask(asked, z.object({ commit: z.object({ sha: z.string() }) }));
      return { commit: commit.sha };
    },
  };
}

/** Null where the address belongs to nobody there. */
const Account = z.object({ login: z.string().optional() }).nullish();

const CommitAnswer = z.object({
  sha: z.string(),
  author: Account,
  committer: Account,
  commit: z.object({
    message: z.string(),
    verification: z.object({ verified: z.boolean() }).nullish(),
  }),
  parents: z.array(z.object({ sha: z.string() })),
  files: z.array(ChangedFile).default([]),
});
