import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../contracts/errors.ts';

/** The part of GitHub's `issue_comment` event that is used. */
const Event = z.object({
  action: z.string(),
  issue: z.object({
    number: z.number().int().positive(),
    state: z.string(),
    pull_request: z.unknown().optional(),
  }),
  comment: z.object({
    id: z.number().int().positive(),
    body: z.string().nullish(),
    // Null: the account is gone.
    user: z.object({ login: z.string(), type: z.string().optional() }).nullable(),
  }),
});

export interface Conversation {
  action: string;
  /** Number of the issue or pull request. */
  number: number;
  isPull: boolean;
  comment: { id: number; body: string; author: string | null; byBot: boolean };
}

/** @throws UsageError if the file is no such event */
export async function readEvent(path: string | undefined): Promise<Conversation> {
  const hint = 'the workflow conversation calls this with GITHUB_EVENT_PATH of an issue_comment event';
  if (!path) throw new UsageError('there is no event: GITHUB_EVENT_PATH is not set', { hint });
  try {
    const { action, issue, comment } = Event.parse(JSON.parse(await readFile(path, 'utf8')));
    const author = comment.user?.login ?? null;
    return {
      action,
      number: issue.number,
      isPull: issue.pull_request != null,
      comment: {
        id: comment.id,
        body: comment.body ?? '',
        author,
        byBot: comment.user?.type === 'Bot' || (author?.endsWith('[bot]') ?? false),
      },
    };
  } catch (cause) {
    throw new UsageError(`${path} is no event of a comment`, { cause, hint });
  }
}
