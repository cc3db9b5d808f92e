import { fetchRefs, remoteRefs } from '../../clients/git-remote.ts';
import type { Release } from '../../clients/github/github.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { Released } from '../../contracts/released.ts';
import type { Desk } from '../etl/desk.ts';
import { DOCUMENT } from './room.ts';
import { versionOf } from './version-number.ts';

const MOST_BYTES = 5_000_000;

export interface LastRelease {
  tag: string;
  page: string;
  /** Of its code. */
  commit: string;
  released: Released;
}

/** The release that is marked as the latest, by its own word (`released.json`).
 *  @returns null where nothing was released yet
 *  @throws CorruptError where that word is missing or no such document: then nobody knows what is served */
export async function lastRelease({ github }: Pick<Desk, 'github'>): Promise<LastRelease | null> {
  const latest = await github.latestRelease();
  if (!latest) return null;
  const released = await releasedIn(github, latest);
  return { tag: latest.tag, page: latest.page, commit: released.commit, released };
}

async function releasedIn(github: Desk['github'], release: Release): Promise<Released> {
  const asset = release.assets.find(({ name, whole }) => name === DOCUMENT && whole);
  const hint = 'was it made by hand? Mark one of the workflow release as the latest, on the page of releases';
  if (!asset) throw new CorruptError(`the latest release ${release.tag} has no ${DOCUMENT}`, { hint });
  const bytes = await github.downloadAsset(asset.id, { maxBytes: MOST_BYTES });
  try {
    return Released.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new CorruptError(`${DOCUMENT} of the release ${release.tag} is not what its schema expects`, {
      hint,
      cause,
    });
  }
}

/** Commit of each tag of ours, by the tag; brought here. */
export async function releaseTags({ remote }: Pick<Desk, 'remote'>): Promise<Map<string, string>> {
  const refs = await remoteRefs(remote, ['refs/tags/v*']);
  const ours = [...refs].flatMap(([ref, sha]) => {
    const tag = ref.replace('refs/tags/', '');
    return versionOf(tag) ? [[tag, sha] as const] : [];
  });
  if (ours.length > 0) await fetchRefs(remote, [...new Set(ours.map(([, sha]) => sha))]);
  return new Map(ours);
}
