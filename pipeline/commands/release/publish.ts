import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAncestor } from '../../clients/git-objects.ts';
import type { Release } from '../../clients/github/github.ts';
import { imageRegistryAt } from '../../clients/image-registry.ts';
import { PerennialError, UsageError } from '../../contracts/errors.ts';
import { Released } from '../../contracts/released.ts';
import { readParams } from '../../params.ts';
import { REPOSITORY, workspaceAt } from '../../workspace.ts';
import { type Environment, stageContext } from '../environment.ts';
import { type Desk, openDesk } from '../etl/desk.ts';
import { followProduction } from '../etl/follow.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { openOutside } from '../outside.ts';
import { claimTag, releaseMarker } from './claim-tag.ts';
import { closeReleaseIssues } from './failed-issue.ts';
import { readImageSettings } from './image-settings.ts';
import { lastRelease, releaseTags } from './last-release.ts';
import { readReleased } from './read-released.ts';
import { releaseText } from './release-text.ts';
import { DOCUMENT } from './room.ts';
import { versionOf } from './version-number.ts';
import { servedAt, whatIsNew } from './what-is-new.ts';

export interface PublishOptions {
  released: string;
  version: string;
  commit: string;
  /** `name@sha256:…`; empty: no image. */
  image?: string;
  /** Outcome of the step that attests; empty: there was none. */
  provenance?: string;
}

/** `perennial release-publish`: what was verified becomes what is served. The tag and a draft with its files come first,
 *  for nobody sees them; then the registry's `champion` moves, and the draft is published. Killed anywhere and called again
 *  it completes the same release, also with an image that was built anew. */
export async function releasePublishCommand(
  environment: Environment,
  options: PublishOptions,
): Promise<void> {
  const { commit } = options;
  const image = options.image || null;
  const desk = await openDesk(environment);
  const { github } = desk;
  const [last, tags] = [await lastRelease(desk), await releaseTags(desk)];
  await desk.heads('master');
  if (last && last.commit !== commit && !(await isAncestor(REPOSITORY, last.commit, commit))) {
    await tellWorkflow(environment, {}, `${last.tag} is newer than this: nothing was moved.`);
    return;
  }
  const { released } = await readReleased(options.released);
  if (released.commit !== commit) throw otherCommit(released.commit, commit);
  const marker = releaseMarker({ commit, image });
  const { tag, release } = await claimTag(github, { wanted: options.version, commit, marker, tags });
  const whole = Released.parse({ ...released, tag, image });
  const change = await whatIsNew(REPOSITORY, commit, { last, refresh: last?.commit === commit });
  const text = releaseText({
    tag,
    marker,
    released: whole,
    change,
    last,
    provenance: options.provenance ?? '',
    repository: github.repository,
  });
  const draft = release
    ? await takenUp(github, release, { marker, text })
    : await github.createRelease({ tag, commit, ...text });
  await uploadMissing(github, draft, await filesOf(options.released, whole));
  if (image) await nameImage(image, { tag, released: whole, repository: github.repository });
  const moved = await moveChampions(environment, commit);
  if (draft.draft) await github.updateRelease(draft.id, { publish: true });
  await closeReleaseIssues(github, tag);
  await tellWorkflow(
    environment,
    { version: tag },
    [`**[${tag}](${draft.page})** is released.`, '', ...moved.map((line) => `- ${line}`)].join('\n'),
  );
}

const otherCommit = (seen: string, expected: string) =>
  new UsageError(
    `the bundles were baked at ${seen.slice(0, 12)}, the release is of ${expected.slice(0, 12)}`,
    {
      hint: 'run the whole workflow again',
    },
  );

/** What a run that was killed has left; where it had another image its files and its text are of that one. */
async function takenUp(
  github: Desk['github'],
  release: Release,
  { marker, text }: { marker: string; text: { title: string; body: string } },
): Promise<Release> {
  if (release.body.includes(marker)) return release;
  for (const { id } of release.assets) await github.deleteAsset(id);
  return github.updateRelease(release.id, text);
}

const TYPES: Record<string, string> = {
  json: 'application/json',
  zip: 'application/zip',
  md: 'text/markdown; charset=utf-8',
};

/** All that the build left; released.json says now what it was released as. */
async function filesOf(folder: string, released: Released): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of (await readdir(folder)).sort()) files.set(name, await readFile(join(folder, name)));
  return files.set(DOCUMENT, Buffer.from(`${JSON.stringify(released, null, 2)}\n`));
}

async function uploadMissing(
  github: Desk['github'],
  release: Release,
  files: Map<string, Uint8Array>,
): Promise<void> {
  for (const [name, bytes] of files) {
    const there = release.assets.find((one) => one.name === name);
    if (there?.whole && there.bytes === bytes.length) continue;
    // Half of one, from a run that was killed.
    if (there) await github.deleteAsset(there.id);
    const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    await github.uploadAsset(release, { name, bytes, type });
  }
}

/** The names by which people pull it; its digest stays its identity. */
async function nameImage(
  image: string,
  { tag, released, repository }: { tag: string; released: Released; repository: string },
): Promise<void> {
  const [, digest] = image.split('@');
  const settings = readImageSettings(repository);
  if (!settings || !digest) throw new UsageError(`${image} is no image of IMAGE_REGISTRY with a digest`);
  const registry = imageRegistryAt(settings, 'pull,push');
  const [major, minor] = versionOf(tag) ?? [0, 0];
  const models = Object.entries(released.models).map(([model, { version }]) => `${model}-${version.version}`);
  for (const name of [tag, `v${major}.${minor}`, ...models, 'latest']) await registry.tag(digest, name);
}

/** @throws PerennialError where one of them did not move; called again it moves what is left */
async function moveChampions(environment: Environment, commit: string): Promise<string[]> {
  const params = await readParams(REPOSITORY);
  const outside = await openOutside(environment);
  try {
    const said: string[] = [];
    const failed: unknown[] = [];
    for (const [model, production] of Object.entries(await servedAt(REPOSITORY, commit))) {
      const context = stageContext(environment, workspaceAt(REPOSITORY), model, params.models[model]);
      const followed = await followProduction(outside, context, production);
      said.push(`\`${model}\`: ${followed.said}`);
      if (followed.error !== null) failed.push(followed.error);
    }
    if (failed.length === 0) return said;
    throw new PerennialError(`the registry's champion could not be moved: ${said.join('; ')}`, {
      cause: failed[0],
      hint: 'run this job again: what is done already stays done',
    });
  } finally {
    await outside.close();
  }
}
