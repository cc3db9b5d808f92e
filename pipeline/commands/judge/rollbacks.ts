import { isDeepStrictEqual } from 'node:util';
import { changedPaths, isAncestor } from '../../clients/git-objects.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { HistoryEntry, type Production } from '../../contracts/promotion.ts';
import type { Judgement } from '../../contracts/review.ts';
import { productionIn } from '../../model-inputs.ts';
import { verifyAnswers } from '../../registry/verify-answers.ts';
import { barredBy } from '../../stages/compare/barred.ts';
import { taskFor } from '../../tasks/index.ts';
import { releaseTags } from '../release/last-release.ts';
import { byVersion } from '../release/version-number.ts';
import type { Bench } from './bench.ts';
import { parsed } from './parsed.ts';
import { Refusal } from './refusal.ts';
import { plainJudgement } from './to-judgement.ts';
import { historyAt } from './trusted-data.ts';
import type { Change, Commits } from './what-changed.ts';

/** Only production.json and entries of the history: nothing that a model is made of. */
const OWN_PATHS =
  /^reports\/([a-z0-9][a-z0-9-]{0,40})\/(?:production\.json|history\/[\w.-]+-rollback-[\w.-]+\.json)$/;
/** Releases further back than that are no rollback. */
const MOST_RELEASES = 200;

/** The word on a pull request that does nothing but take models back to versions that were released before. It needs no
 *  training: what was served once passes by being verified again, and not by being compared with what is taken away.
 *  @returns the judgement of each model that is taken back; null where the pull request is something else */
export async function rollbacks(
  bench: Bench,
  commits: Commits,
  { changes, into }: { changes: Change[]; into: string },
): Promise<Map<string, Judgement> | null> {
  const back = changes.filter(({ kind, promotes, refusal }) => kind === 'changed' && promotes && !refusal);
  if (into !== 'master' || back.length === 0) return null;
  const paths = await changedPaths(bench.root, commits.from, commits.head);
  if (!paths.every((path) => OWN_PATHS.test(path))) return null;
  const judged = new Map<string, Judgement>();
  for (const change of back) {
    const entries = await entriesIn(bench, commits, { paths, model: change.model });
    // Without one it is no rollback but a production.json that somebody wrote: it is judged as all others are.
    if (entries.length === 0) return null;
    judged.set(change.model, await judgeRollback(bench, commits, { change, entries }));
  }
  return judged;
}

async function judgeRollback(
  bench: Bench,
  commits: Commits,
  { change, entries }: { change: Change; entries: HistoryEntry[] },
): Promise<Judgement> {
  const { model } = change;
  try {
    const entry = theEntry(change, entries);
    const tag = await releasedAs(bench, commits, change);
    await refuseBarred(bench, commits, change);
    await verify(bench, change);
    return plainJudgement(model, 'success', {
      headline: 'Rollback',
      reason: `Back to ${change.promotes!.version}, which was released as ${tag}: its bytes are those of its digest, and it answers as when it was made. ${entry.from} is barred: ${entry.why}`,
    });
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof CorruptError)) throw error;
    const headline = error instanceof Refusal ? error.headline : 'Rollback refused';
    return plainJudgement(model, 'failure', { headline, reason: error.message });
  }
}

/** New files of the history, by their own word. */
async function entriesIn(
  { tree }: Bench,
  { from, head }: Commits,
  { paths, model }: { paths: string[]; model: string },
): Promise<HistoryEntry[]> {
  const found: HistoryEntry[] = [];
  for (const path of paths.filter((one) => one.startsWith(`reports/${model}/history/`))) {
    const [before, text] = [await tree(from).read(path), await tree(head).read(path)];
    const entry = before === null ? parsed(text, HistoryEntry) : null;
    if (entry?.kind === 'rollback') found.push(entry);
  }
  return found;
}

/** It must tell what is done here, and of master as it is now. */
function theEntry({ champion, promotes }: Change, entries: HistoryEntry[]): HistoryEntry {
  const [entry, ...others] = entries;
  if (others.length > 0)
    throw new Refusal(
      'Rollback refused',
      'It adds several entries of rollbacks to the history of one model.',
    );
  const moved = entry.from !== champion?.version || entry.barred?.digest !== champion?.digest;
  if (moved)
    throw new Refusal(
      'The champion has moved',
      `Its history takes back ${entry.from ?? 'nothing'}; master has ${champion?.version ?? 'no champion'} now: ask for the rollback again.`,
    );
  if (entry.to !== promotes?.version)
    throw new Refusal(
      'Rollback refused',
      `Its history says ${entry.to ?? 'nothing'}, its production.json ${promotes?.version}.`,
    );
  return entry;
}

/** The release that had this very production.json: it was verified before it got its tag.
 *  @throws Refusal where there is none */
async function releasedAs(bench: Bench, { master }: Commits, { model, promotes }: Change): Promise<string> {
  const tags = await releaseTags({ remote: await bench.git() });
  const newest = [...tags].sort(([one], [other]) => byVersion(other, one)).slice(0, MOST_RELEASES);
  for (const [tag, sha] of newest) {
    const there = await productionIn(bench.tree(sha).read, model).catch(() => null);
    if (isDeepStrictEqual(there, promotes) && (await isAncestor(bench.root, sha, master))) return tag;
  }
  throw new Refusal(
    'Never released',
    `No release of master had this production.json of ${model}: a rollback goes to what was served before, as it was.`,
  );
}

async function refuseBarred(bench: Bench, { master }: Commits, { model, promotes }: Change): Promise<void> {
  const history = await historyAt(bench, master, model);
  // Its recipe may be that of the one that is taken away: only what was itself taken away before is refused.
  const bar = barredBy(history, { digest: promotes!.digest, recipe: null });
  if (!bar) return;
  throw new Refusal(
    'Barred',
    `${promotes!.version} was itself taken back on ${bar.at.slice(0, 10)} by ${bar.by}: ${bar.why}. Lift the bar first (docs/release.md).`,
  );
}

/** @throws CorruptError where the registry holds something else, or master's code reads it otherwise */
async function verify(bench: Bench, { model, promotes, after }: Change): Promise<void> {
  const { version } = promotes as Production;
  verifyAnswers(taskFor(after!.task).warmUp(await bench.bundle(model, promotes!)), { model, version });
}
