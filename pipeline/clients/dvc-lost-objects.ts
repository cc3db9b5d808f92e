import { existsSync } from 'node:fs';
import type { RemoteHome } from '../contracts/homes.ts';
import { cacheFile, parseDirObject, readDirObject, type TrackedFile, trackedOutputs } from './dvc-cache.ts';
import { type LostObject, LostObjectsError } from './dvc-error.ts';
import { type StoreStep, stepsOn } from './dvc-store.ts';

/** Looks at what a failed pull has left: names what the remote did not have, or had with other content.
 *  @param words all that DVC said
 *  @returns null where no object is to blame */
export async function lostObjects(
  home: RemoteHome,
  { root, words, targets }: { root: string; words: string; targets: string[] },
): Promise<LostObjectsError | null> {
  const named = namedLost(words);
  const corruptList = /object ([0-9a-f]{32}\.dir) is corrupted/.exec(words)?.[1];
  if (named.size === 0 && !corruptList && !/missing-files/.test(words)) return null;

  const objects: LostObject[] = [];
  for (const { path, md5 } of await expected(home, root, targets)) {
    if (named.has(md5)) objects.push({ path, md5, how: 'lost' });
    else if (md5 === corruptList) objects.push({ path, md5, how: 'corrupt' });
    // All was fetched and this one is not here: its hash was found wrong, and DVC has thrown it away.
    else if (named.size === 0 && !(await isThere(root, md5))) objects.push({ path, md5, how: 'corrupt' });
  }
  return objects.length > 0 ? new LostObjectsError(objects, home.shown) : null;
}

/** The objects that DVC calls missing, in its two ways of saying so. */
function namedLost(words: string): Set<string> {
  const found = new Set<string>();
  for (const [, md5, why] of words.matchAll(/failed to transfer '([0-9a-f]{32}(?:\.dir)?)' - (.*)/g)) {
    if (/^https?:\/\/\S+$|does not exist|No such file|Not ?Found|^[^\s:]+$|\b404\b/i.test(why))
      found.add(md5);
  }
  const list = /Missing cache files:\n((?:.*md5: [0-9a-f]{32}(?:\.dir)?.*\n?)+)/.exec(words)?.[1] ?? '';
  for (const [, md5] of list.matchAll(/md5: ([0-9a-f]{32}(?:\.dir)?)/g)) found.add(md5);
  return found;
}

/** All files under DVC, folders' lists included, as far as targets ask for them. */
async function expected(home: RemoteHome, root: string, targets: string[]): Promise<TrackedFile[]> {
  const files: TrackedFile[] = [];
  for (const out of await trackedOutputs(root)) {
    files.push(out);
    if (!out.md5.endsWith('.dir')) continue;
    const inside = (await readDirObject(root, out.md5).catch(() => null)) ?? (await listOf(home, out.md5));
    files.push(...(inside ?? []).map(({ path, md5 }) => ({ md5, path: `${out.path}/${path}` })));
  }
  const paths = targets.filter((target) =>
    files.some(({ path }) => path === target || path.startsWith(`${target}/`)),
  );
  // Stages are targets too; which files are theirs is not worth another look here.
  if (paths.length < targets.length || targets.length === 0) return files;
  const asked = ({ path, md5 }: TrackedFile) =>
    paths.some(
      (target) =>
        path === target ||
        path.startsWith(`${target}/`) ||
        (md5.endsWith('.dir') && target.startsWith(`${path}/`)),
    );
  return files.filter(asked);
}

/** DVC keeps a folder's list only once all its files are there. Null: it is itself among the lost. */
async function listOf(home: RemoteHome, md5: string): Promise<TrackedFile[] | null> {
  const step: StoreStep = { do: 'read', key: `files/md5/${md5.slice(0, 2)}/${md5.slice(2)}` };
  const [answer] = await stepsOn(home, [step], { timeoutMs: 60_000 }).catch(() => []);
  return answer?.text === undefined ? null : parseDirObject(md5, answer.text);
}

async function isThere(root: string, md5: string): Promise<boolean> {
  return existsSync(await cacheFile(root, md5));
}
