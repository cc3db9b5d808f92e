import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../contracts/errors.ts';
import { Sha1 } from '../../contracts/review.ts';

/** The part of GitHub's `workflow_run` event that is used. It is GitHub's word, not the pull request's. */
const Event = z.object({
  action: z.enum(['requested', 'in_progress', 'completed']),
  workflow_run: z.object({
    id: z.number().int().positive(),
    run_attempt: z.number().int().positive().default(1),
    event: z.string(),
    conclusion: z.string().nullable(),
    head_sha: Sha1,
    head_branch: z.string().nullable(),
    /** Null where the fork was deleted. */
    head_repository: z.object({ full_name: z.string(), owner: z.object({ login: z.string() }) }).nullable(),
    html_url: z.string(),
    /** Who pushed, or opened the pull request. */
    actor: z.object({ login: z.string() }).nullish(),
  }),
});

export interface ReviewRun {
  action: 'requested' | 'in_progress' | 'completed';
  id: number;
  attempt: number;
  /** What set the review off: `pull_request`. */
  event: string;
  conclusion: string | null;
  head: { sha: string; branch: string; repository: string; owner: string };
  page: string;
  actor: string | null;
}

/** @throws UsageError if the file is no such event */
export async function readEvent(path: string | undefined): Promise<ReviewRun> {
  const hint = 'the workflow model-review-comment calls this with GITHUB_EVENT_PATH of a workflow_run event';
  if (!path) throw new UsageError('there is no event: GITHUB_EVENT_PATH is not set', { hint });
  try {
    const { action, workflow_run: run } = Event.parse(JSON.parse(await readFile(path, 'utf8')));
    return {
      action,
      id: run.id,
      attempt: run.run_attempt,
      event: run.event,
      conclusion: run.conclusion,
      head: {
        sha: run.head_sha,
        branch: run.head_branch ?? '',
        repository: run.head_repository?.full_name ?? '',
        owner: run.head_repository?.owner.login ?? '',
      },
      page: run.html_url,
      actor: run.actor?.login ?? null,
    };
  } catch (cause) {
    throw new UsageError(`${path} is no event of a workflow run`, { cause, hint });
  }
}
