/** What a release changes for those who use the image, the largest of it. */
export type Step = 'major' | 'minor' | 'patch';

export type VersionNumber = [major: number, minor: number, patch: number];

/** @returns null where a tag is none of ours */
export function versionOf(tag: string): VersionNumber | null {
  const [, major, minor, patch] = /^v(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/.exec(tag) ?? [];
  return patch === undefined ? null : [Number(major), Number(minor), Number(patch)];
}

export const tagOf = ([major, minor, patch]: VersionNumber) => `v${major}.${minor}.${patch}`;

/** The next one after the newest of these tags; `v1.0.0` where there is none. */
export function nextTag(tags: Iterable<string>, step: Step): string {
  const newest = versionOf(newestOf(tags) ?? '');
  if (newest === null) return 'v1.0.0';
  const [major, minor, patch] = newest;
  if (step === 'major') return tagOf([major + 1, 0, 0]);
  if (step === 'minor') return tagOf([major, minor + 1, 0]);
  return tagOf([major, minor, patch + 1]);
}

/** The highest number; null where no tag is one of ours. */
export function newestOf(tags: Iterable<string>): string | null {
  return (
    [...tags]
      .filter((tag) => versionOf(tag) !== null)
      .sort(byVersion)
      .at(-1) ?? null
  );
}

/** For sorting, the oldest first. */
export function byVersion(one: string, other: string): number {
  const [a, b] = [versionOf(one) ?? [-1, -1, -1], versionOf(other) ?? [-1, -1, -1]];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : a[at] - b[at];
}
