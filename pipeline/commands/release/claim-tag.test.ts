import { expect, it } from 'vitest';
import type { Release } from '../../clients/github/github.ts';
import { claimTag, releaseMarker } from './claim-tag.ts';

const [ours, theirs] = ['a', 'b'].map((letter) => letter.repeat(40));
const marker = releaseMarker({ commit: ours, image: 'ghcr.io/acme/perennial@sha256:1' });

/** A host with these tags and releases; tags of `hidden` came after they were listed. */
function host({
  hidden = {},
  releases = [],
}: {
  hidden?: Record<string, string>;
  releases?: Partial<Release>[];
} = {}) {
  const made = new Map(Object.entries(hidden));
  return {
    made,
    releases: async () => releases as Release[],
    createTag: async (tag: string, sha: string) => {
      if (made.has(tag)) return false;
      made.set(tag, sha);
      return true;
    },
  };
}

const claim = (github: ReturnType<typeof host>, tags: Record<string, string>, wanted = 'v1.0.1') =>
  claimTag(github, { wanted, commit: ours, marker, tags: new Map(Object.entries(tags)) });

it('makes the tag that was planned', async () => {
  const github = host();
  expect(await claim(github, { 'v1.0.0': theirs })).toEqual({ tag: 'v1.0.1', release: null });
  expect(github.made.get('v1.0.1')).toBe(ours);
});

it('takes the next number where it is taken, known or not', async () => {
  const github = host({ hidden: { 'v1.0.1': theirs, 'v1.0.2': theirs } });
  expect((await claim(github, { 'v1.0.1': theirs })).tag).toBe('v1.0.3');
});

it('takes up the tag and the draft of a run that was killed', async () => {
  const draft = { id: 7, tag: 'v1.0.1', draft: true, body: `${marker}\nx` };
  const github = host({ releases: [draft] });
  expect(await claim(github, { 'v1.0.1': ours })).toEqual({ tag: 'v1.0.1', release: draft });
  expect((await claim(host(), { 'v1.0.1': ours })).tag).toBe('v1.0.1');
});

it('takes up a draft of the same commit whose image was built anew since', async () => {
  const body = releaseMarker({ commit: ours, image: 'another' });
  const draft = { id: 7, tag: 'v1.0.1', draft: true, body };
  const found = await claim(host({ releases: [draft] }), { 'v1.0.1': ours });
  expect(found).toEqual({ tag: 'v1.0.1', release: draft });
  const foreign = { ...draft, body: releaseMarker({ commit: theirs, image: 'another' }) };
  expect((await claim(host({ releases: [foreign] }), { 'v1.0.1': theirs })).tag).toBe('v1.0.2');
});

it('finds its own release also where the plan was made anew and wants another number', async () => {
  const done = { id: 7, tag: 'v1.0.1', draft: false, body: marker };
  const found = await claim(host({ releases: [done] }), { 'v1.0.1': ours }, 'v1.0.2');
  expect(found).toEqual({ tag: 'v1.0.1', release: done });
});

it('leaves the release of another image of the same commit alone', async () => {
  const other = {
    id: 7,
    tag: 'v1.0.1',
    draft: false,
    body: releaseMarker({ commit: ours, image: 'another' }),
  };
  expect(await claim(host({ releases: [other] }), { 'v1.0.1': ours })).toMatchObject({
    tag: 'v1.0.2',
    release: null,
  });
});

it('gives up after twenty', async () => {
  const github = { ...host(), createTag: async () => false };
  await expect(claim(github, {})).rejects.toThrow(/20 tags from v1.0.1 on are taken/);
});
