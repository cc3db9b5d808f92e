import type { Github, Release } from '../../clients/github/github.ts';
import { PerennialError } from '../../contracts/errors.ts';
import { nextTag } from './version-number.ts';

/** In the text of a release: what it is of. A run that is made again knows its own by it. */
export function releaseMarker({ commit, image }: { commit: string; image: string | null }): string {
  return `${markerOf(commit)}${image ?? 'none'} -->`;
}

const markerOf = (commit: string) => `<!-- perennial:release ${commit} `;

const MOST_TRIES = 20;

/** Makes the tag of a release. One that is taken by another commit, or by another release of this one, is left alone, and
 *  the next number is tried. One that an earlier run of this very release made is taken up again; so is a draft of this
 *  commit with another image, for a workflow that is run anew builds anew.
 *  @param about.tags commit of each tag there is
 *  @returns the tag, and what there is of its release already */
export async function claimTag(
  github: Pick<Github, 'createTag' | 'releases'>,
  about: { wanted: string; commit: string; marker: string; tags: ReadonlyMap<string, string> },
): Promise<{ tag: string; release: Release | null }> {
  const { commit, marker } = about;
  const releases = await github.releases();
  const ours =
    releases.find(({ body }) => body.includes(marker)) ??
    releases.find(({ draft, body }) => draft && body.includes(markerOf(commit)));
  const known = new Map(about.tags);
  let tag = ours?.tag ?? about.wanted;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (!known.has(tag) && (await github.createTag(tag, commit)))
      return { tag, release: ours?.tag === tag ? ours : null };
    const others = releases.some((one) => one.tag === tag && one !== ours);
    if (known.get(tag) === commit && !others) return { tag, release: ours?.tag === tag ? ours : null };
    // Taken meanwhile by somebody, of whatever commit.
    if (!known.has(tag)) known.set(tag, '');
    tag = nextTag([...known.keys()], 'patch');
  }
  throw new PerennialError(`${MOST_TRIES} tags from ${about.wanted} on are taken`, {
    hint: 'who else makes tags v1.2.3 here? The workflow release wants to be alone in that',
  });
}
