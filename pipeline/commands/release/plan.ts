import { warning } from '@actions/core';
import { markdownTable } from 'markdown-table';
import { isAncestor } from '../../clients/git-objects.ts';
import { UsageError } from '../../contracts/errors.ts';
import { ROBOT_BRANCHES } from '../../contracts/github.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { type Desk, openDesk } from '../etl/desk.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { differingCode, imageCodeAt } from './image-code.ts';
import { readImageSettings } from './image-settings.ts';
import { type LastRelease, lastRelease, releaseTags } from './last-release.ts';
import { changeWords, type ReleaseChange, stepOf } from './release-change.ts';
import { newestOf, nextTag } from './version-number.ts';
import { servedAt, whatIsNew } from './what-is-new.ts';

export interface Plan {
  /** False: nothing that is served has changed, and nothing is done. */
  changed: boolean;
  /** Of master; all later steps are about this one. */
  commit: string;
  /** `v1.2.3`; empty where nothing has changed. */
  version: string;
  models: string[];
  /** In words. */
  why: string;
}

/** `perennial release-plan`: what master has gained since its last release, and which number that makes. It looks at what
 *  there is, not at one push: what a dropped or failed run has missed is in the next one. */
export async function releasePlanCommand(
  environment: Environment,
  options: { refresh?: string } = {},
): Promise<void> {
  const desk = await openDesk(environment);
  const plan = await releasePlan(desk, { refresh: options.refresh === 'true' });
  const image = readImageSettings(desk.github.repository) !== null;
  const provenance = plan.changed && image && (await hasAttestations(desk));
  const { change, last, ...told } = plan;
  await tellWorkflow(
    environment,
    {
      changed: String(told.changed),
      commit: told.commit,
      version: told.version,
      models: JSON.stringify(told.models),
      image: String(image),
      provenance: String(provenance),
    },
    planText(plan),
  );
}

export async function releasePlan(
  desk: Desk,
  { refresh }: { refresh: boolean },
): Promise<Plan & { change: ReleaseChange; last: LastRelease | null }> {
  const commit = (await desk.heads('master')).get('master');
  if (!commit) throw new UsageError(`${desk.github.repository} has no branch master`);
  const [last, tags] = [await lastRelease(desk), await releaseTags(desk)];
  const change = await whatIsNew(REPOSITORY, commit, { last, refresh });
  const models = Object.keys(await servedAt(REPOSITORY, commit));
  const nothing = (why: string) => ({ changed: false, commit, version: '', models, why, change, last });
  const step = stepOf(change);
  if (models.length === 0) return nothing('No model was promoted yet: there is nothing to release.');
  if (!step)
    return nothing('Data, reports or documents alone: what is served stays as it is, and no image is built.');
  if (last && !(await isAncestor(REPOSITORY, last.commit, commit)))
    return nothing(`${last.tag} is of a commit that master does not have: look at how master was rewritten.`);
  const waits = await waitsFor(desk, commit, change);
  if (waits) return nothing(waits);
  const version = begun(tags, { last, commit }) ?? nextTag(tags.keys(), step);
  return { changed: true, commit, version, models, why: `${version}: a ${step} release`, change, last };
}

/** The tag of a release of this very commit that was stopped before it was published. */
function begun(
  tags: Map<string, string>,
  { last, commit }: { last: LastRelease | null; commit: string },
): string | null {
  const newest = newestOf(tags.keys());
  return newest !== null && newest !== last?.tag && tags.get(newest) === commit ? newest : null;
}

/** What failed its verification is not tried again by itself while the pull request that takes it back is open, and
 *  nothing of the image has changed since. */
async function waitsFor(
  { github, heads }: Desk,
  commit: string,
  change: ReleaseChange,
): Promise<string | null> {
  if (change.models.length === 0) return null;
  const prefix = ROBOT_BRANCHES.revert('');
  const open = (await github.openPulls({ base: 'master' })).filter(
    ({ head }) => head.repo === github.repository && head.ref.startsWith(prefix),
  );
  for (const { number, head } of open) {
    const failed = head.ref.slice(prefix.length);
    if (!(await heads(head.ref)).has(head.ref)) continue;
    const [before, now] = [
      await imageCodeAt(REPOSITORY, `${head.sha}^`),
      await imageCodeAt(REPOSITORY, commit),
    ];
    if (differingCode(before, now).length > 0) continue;
    const served = await servedAt(REPOSITORY, commit);
    if (failed === revertLabel(served))
      return `It failed its verification before, and nothing has changed since: merge #${number}, which takes it back, or mend the code.`;
  }
  return null;
}

/** Names what was to be released, by the digests of its models. */
export function revertLabel(served: Record<string, { digest: string }>): string {
  return Object.entries(served)
    .map(([model, { digest }]) => `${model}-${digest.slice(0, 8)}`)
    .sort()
    .join('-')
    .slice(0, 150);
}

/** GitHub attests the images of public repositories on every plan; those of private ones only on its largest.
 *  `IMAGE_PROVENANCE=on` says that this plan does. */
async function hasAttestations({ github }: Desk): Promise<boolean> {
  const { IMAGE_PROVENANCE: said } = process.env;
  if (said === 'on' || said === 'off') return said === 'on';
  if (!(await github.repositorySettings()).private) return true;
  warning(
    'This repository is private, and not every plan attests images of private ones: the image is released without provenance. Where yours does, set the variable IMAGE_PROVENANCE to on.',
  );
  return false;
}

function planText({ changed, version, why, change, last }: Awaited<ReturnType<typeof releasePlan>>): string {
  const before = last ? `The last release is [${last.tag}](${last.page}).` : 'Nothing was released before.';
  if (!changed) return `${why} ${before}`;
  const rows = changeWords(change).map(({ what, seen }) => [what, escapeMarkdown(seen)]);
  return `**${version}** is to be released. ${before}\n\n${markdownTable([['Change', 'What'], ...rows])}`;
}
