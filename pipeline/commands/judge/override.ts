import { git } from '../../clients/git.ts';
import { changedPaths } from '../../clients/git-objects.ts';
import { modelStatus, ROBOT_BRANCHES } from '../../contracts/github.ts';
import { HistoryEntry } from '../../contracts/promotion.ts';
import type { Bench } from './bench.ts';
import type { ReviewedPull } from './find-pull.ts';
import { parsed } from './parsed.ts';
import type { ReviewRun } from './read-event.ts';
import type { Commits } from './what-changed.ts';

export interface Override {
  model: string;
  by: string;
  why: string;
}

/** The host's own name, where it made a commit for somebody over its API. */
const HOST = 'web-flow';
/** Newest ones that are looked at in a candidate's history. */
const MOST_COMMITS = 20;

/** Whether the newest commit of a pull request is an override: it adds one file to the history of one model, names the
 *  commit before it, and is the App's own by the host's word. Anybody can write such a file.
 *  @returns null where it is none */
export async function findOverride(bench: Bench, head: string, run: ReviewRun): Promise<Override | null> {
  const found = await overrideIn(bench, head);
  if (!found) return null;
  const login = await bench.github.login();
  // A squashed merge of the App's pull request is the App's by name, whoever merged it: it must have been pushed by it, too.
  if (run.actor === login && (await isOurs(bench, head))) return found;
  bench.log.warn({ head, actor: run.actor }, 'an override that the App did not write is none');
  return null;
}

/** Overrides that came with the change into the robots' candidate: of commits that master does not have yet, each accepted
 *  by the judge when it was the newest of its pull request.
 *  @returns the newest of each model */
export async function carriedOverrides(
  bench: Bench,
  { master, head }: Commits,
  { pull, run }: { pull: ReviewedPull; run: ReviewRun },
): Promise<Map<string, Override>> {
  const carried = new Map<string, Override>();
  if (pull.into !== 'master' || pull.fork || pull.head.ref !== ROBOT_BRANCHES.candidate) return carried;
  const listed = await git(bench.root, [
    ...['rev-list', '--no-merges', '--full-history', `--max-count=${MOST_COMMITS}`, head, `^${master}`],
    ...['--', ':(glob)reports/*/history/*-override.json'],
  ]);
  const commits = listed.stdout.split('\n').filter(Boolean);
  if (commits.length === 0) return carried;
  const login = await bench.github.login();
  if (login === null || pull.author !== login || run.actor !== login) return carried;
  for (const commit of commits) {
    const found = await overrideIn(bench, commit);
    if (!found || carried.has(found.model) || !(await isOurs(bench, commit))) continue;
    const told = (await bench.github.statuses(commit)).find(
      ({ context, author }) => context === modelStatus(found.model) && author === login,
    );
    if (told?.state === 'success') carried.set(found.model, found);
    else bench.log.warn({ commit }, 'an override that was never judged is none');
  }
  return carried;
}

async function overrideIn({ root, tree }: Bench, head: string): Promise<Override | null> {
  const parents = (await git(root, ['rev-parse', `${head}^@`])).stdout.split('\n').filter(Boolean);
  if (parents.length !== 1) return null;
  const [parent] = parents;
  const [path, ...others] = await changedPaths(root, parent, head);
  const model = /^reports\/([a-z0-9][a-z0-9-]{0,40})\/history\/[\w.-]+-override\.json$/.exec(path ?? '')?.[1];
  if (!model || others.length > 0) return null;
  const [before, text] = await Promise.all([tree(parent).read(path), tree(head).read(path)]);
  if (before !== null || text === null) return null;
  const entry = parsed(text, HistoryEntry);
  if (entry?.kind !== 'override' || entry.commit !== parent || entry.pull_request === undefined) return null;
  return { model, by: entry.by, why: entry.why };
}

/** Who signs a commit with a key of their own may name any author: the committer's is the name that the signature is of. */
async function isOurs({ github }: Bench, sha: string): Promise<boolean> {
  const [commit, login] = [await github.commit(sha), await github.login()];
  if (login === null || !commit?.verified || commit.author !== login) return false;
  return commit.committer === HOST || commit.committer === login;
}
