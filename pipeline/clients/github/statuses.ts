import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github } from './github.ts';

/** Longer ones are refused. */
const DESCRIPTION_CHARACTERS = 140;

const StatusAnswer = z.object({
  context: z.string(),
  state: z.enum(['success', 'failure', 'pending', 'error']),
  description: z.string().nullish(),
  creator: z.object({ login: z.string() }).nullish(),
});

export function statuses(ask: Ask): Pick<Github, 'setStatus' | 'statuses'> {
  return {
    async setStatus(sha, { context, state, description, target }) {
      const params = {
        sha,
        context,
        state,
        description: cut(description),
        ...(target && { target_url: target }),
      };
      const route = 'POST /repos/{owner}/{repo}/statuses/{sha}';
      // The newest of a context counts: twice the same is once.
      await ask(
        { route, params, about: `status ${context} of ${sha.slice(0, 12)}`, repeatable: true },
        z.unknown(),
      );
    },
    async statuses(ref) {
      const route = 'GET /repos/{owner}/{repo}/commits/{ref}/statuses';
      const all = await ask.pages(
        { route, params: { ref }, about: `statuses of ${ref.slice(0, 12)}` },
        StatusAnswer,
      );
      // Newest first.
      const newest = new Map(all.toReversed().map((status) => [status.context, status]));
      return [...newest.values()].map(({ context, state, description, creator }) => ({
        context,
        state,
        description: description ?? '',
        author: creator?.login ?? null,
      }));
    },
  };
}

function cut(text: string): string {
  const letters = [...text];
  if (text.length <= DESCRIPTION_CHARACTERS) return text;
  let short = '';
  for (const letter of letters) {
    if (short.length + letter.length > DESCRIPTION_CHARACTERS - 1) break;
    short += letter;
  }
  return `${short}…`;
}
