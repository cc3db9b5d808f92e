import { z } from 'zod';
import { git } from '../../clients/git.ts';
import { changedPaths, readAt } from '../../clients/git-objects.ts';
import type { Bench } from './bench.ts';

export interface Override {
  model: string;
  by: string;
  why: string;
}

/** The parts of an override's file in the history that the judge needs. */
const OverrideFile = z.looseObject({
  by: z.string().max(200),
  why: z.string().max(1_000),
  commit: z.string(),
});

/** Whether the newest commit of a pull request is an override: it adds one file to the history of one model, names the
 *  commit before it, and is the App's own by the host's word, signed by it. Anybody can write such a file.
 *  @returns null where it is none */
export async function findOverride(
  { root, github, log }: Bench,
  head: string,
  actor: string | null,
): Promise<Override | null> {
  const parents = (await git(root, ['rev-parse', `${head}^@`])).stdout.split('\n').filter(Boolean);
  if (parents.length !== 1) return null;
  const [parent] = parents;
  const [path, ...others] = await changedPaths(root, parent, head);
  const model = /^reports\/([a-z0-9][a-z0-9-]{0,40})\/history\/[\w.-]+-override\.json$/.exec(path ?? '')?.[1];
  if (!model || others.length > 0) return null;
  const [before, text] = await Promise.all([readAt(root, parent, path), readAt(root, head, path)]);
  if (before !== null || text === null) return null;
  const file = OverrideFile.safeParse(jsonOf(text)).data;
  if (file?.commit !== parent) return null;
  const commit = await github.commit(head);
  const login = await github.login();
  // Whoever signs a commit may name another author: it must have been pushed by the App, too.
  const ours = login !== null && commit?.author === login && (actor === null || actor === login);
  if (!commit?.verified || !ours) {
    log.warn({ head, author: commit?.author, actor }, 'an override that the App did not write is none');
    return null;
  }
  return { model, by: file.by, why: file.why };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
