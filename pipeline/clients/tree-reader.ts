import { execa } from 'execa';
import { CorruptError } from '../contracts/errors.ts';
import { environment } from './dvc.ts';
import { filesAt } from './git-objects.ts';

/** Reads a text by its path in the repository; null where there is no such file. */
export type ReadText = (path: string) => Promise<string | null>;

const LIMIT_MS = 60_000;
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
    const blob = listed.get(path);
    if (blob === undefined) return null;
    const group = AT_ONCE.find((pattern) => pattern.test(path));
    if (!group) return (await blobs(root, [blob])).get(blob) ?? null;
    const texts =
      groups.get(group) ??
      blobs(
        root,
        [...listed].filter(([name]) => group.test(name)).map(([, id]) => id),
      );
    groups.set(group, texts);
    return (await texts).get(blob) ?? null;
  }
  return { read, paths: async () => [...(await files).keys()] };
}

/** Path → blob of each regular file that is not too large to be one of ours. */
async function listFiles(root: string, sha: string): Promise<Map<string, string>> {
  const files = await filesAt(root, sha);
  return new Map(files.filter(({ bytes }) => bytes <= MOST_BYTES).map(({ path, oid }) => [path, oid]));
}

/** @returns blob → its text */
async function blobs(root: string, ids: string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  if (ids.length === 0) return texts;
  const answer = await gitBytes(root, ['cat-file', '--batch'], ids.map((id) => `${id}\n`).join(''));
  for (let at = 0; at < answer.length; ) {
    const end = answer.indexOf(0x0a, at);
    const [id, type, bytes] = answer.subarray(at, end).toString('latin1').split(' ');
    // A blob that is not here (a partial clone) answers with `missing` and nothing more.
    if (type !== 'blob')
      throw new CorruptError(`git has no object ${id}`, { hint: 'fetch the whole commit' });
    const length = Number(bytes);
    texts.set(id, answer.subarray(end + 1, end + 1 + length).toString('utf8'));
    at = end + 1 + length + 1;
  }
  return texts;
}

async function gitBytes(root: string, args: string[], input = ''): Promise<Buffer> {
  const result = await execa('git', args, {
    cwd: root,
    env: environment(),
    extendEnv: false,
    encoding: 'buffer',
    input,
    maxBuffer: 500_000_000,
    timeout: LIMIT_MS,
    reject: false,
  });
  if (result.failed) {
    throw new CorruptError(
      `git ${args[0]} exited with ${result.exitCode ?? result.originalMessage} in ${root}: ${Buffer.from(result.stderr).toString('utf8').trim()}`,
      { hint: 'fetch the commit first' },
    );
  }
  return Buffer.from(result.stdout);
}
