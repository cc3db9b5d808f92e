import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../contracts/errors.ts';

const Side = z.object({
  sha: z.string(),
  ref: z.string(),
  repo: z.object({ full_name: z.string() }).nullable(),
});
const Event = z.object({
  pull_request: z.object({ number: z.number().int(), head: Side, base: Side }).optional(),
});

export interface PullEvent {
  number: number;
  headSha: string;
  baseRef: string;
  /** Its code comes from another repository: the workflow's token may only read. */
  fork: boolean;
}

/** The pull request that the workflow runs for; null where it runs for something else.
 *  @throws UsageError if the event's file is not the host's */
export async function pullEvent(env: NodeJS.ProcessEnv): Promise<PullEvent | null> {
  if (!env.GITHUB_EVENT_PATH) return null;
  let text: unknown;
  try {
    text = JSON.parse(await readFile(env.GITHUB_EVENT_PATH, 'utf8'));
  } catch (cause) {
    throw new UsageError(`the event ${env.GITHUB_EVENT_PATH} cannot be read as JSON`, { cause });
  }
  const { success, data } = Event.safeParse(text);
  if (!success || !data.pull_request) return null;
  const { number, head, base } = data.pull_request;
  return {
    number,
    headSha: head.sha,
    baseRef: base.ref,
    fork: head.repo?.full_name !== base.repo?.full_name,
  };
}
