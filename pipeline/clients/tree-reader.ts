import { type FileAt, filesAt, textsOf } from './git-objects.ts';

/** Reads a text by its path in the repository; null where there is no such file. */
export type ReadText = (path: string) => Promise<string | null>;

/** The largest file that is read: source code and settings are far smaller, and a commit may come from anybody. */
const MOST_BYTES = 8_000_000;
/** Files that are read at once: a process a file would take seconds. */
const AT_ONCE = [
  /^pipeline\/.*\.ts$/,
  /^serve\/.*\.ts$/,
  /^(params\.yaml|package-lock\.json|dvc\.yaml|dvc\.lock|data\.dvc|reports\/[^/]+\/(production|source|gate)\.json)$/,
  /^reports\/[^/]+\/history\/[^/]+\.json$/,
];

/** The texts of one commit, read from git's objects: nothing is checked out, nothing is run.
 *  @param sha a whole commit id
 *  @throws PerennialError where the repository has no such commit */
export function treeReader(root: string, sha: string): ReadText {
  return openTree(root, sha).read;
}

/** The same, and the paths that there are. */
export function openTree(root: string, sha: string): { read: ReadText; paths(): Promise<string[]> } {
  const files = listFiles(root, sha);
  // A caller may never read; then nobody is to hear of it.
  files.catch(() => undefined);
  const groups = new Map<RegExp, Promise<Map<string, string>>>();
  async function read(path: string): Promise<string | null> {
    const listed = await files;
    const file = listed.get(path);
    if (file === undefined) return null;
    const group = AT_ONCE.find((pattern) => pattern.test(path));
    if (!group) return (await textsOf(root, [file])).get(file.oid) ?? null;
    const texts =
      groups.get(group) ??
      textsOf(
        root,
        [...listed.values()].filter((one) => group.test(one.path)),
      );
    groups.set(group, texts);
    return (await texts).get(file.oid) ?? null;
  }
  return { read, paths: async () => [...(await files).keys()] };
}

/** By path: each regular file that is not too large to be one of ours. */
async function listFiles(root: string, sha: string): Promise<Map<string, FileAt>> {
  const files = await filesAt(root, sha);
  return new Map(files.filter(({ bytes }) => bytes <= MOST_BYTES).map((file) => [file.path, file]));
}
