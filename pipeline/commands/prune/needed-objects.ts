import { EXIT, PerennialError } from '../../contracts/errors.ts';
import type { Needs } from './read-needs.ts';

/** Every hash that somebody needs: files, lists of files, and all that these lists name.
 *  @throws PerennialError where the remote lacks the list of something that a branch or a tag needs: which of its objects
 *    belong to it, nobody knows then */
export async function neededObjects({
  needs,
  dataOf,
  has,
  lists,
}: {
  needs: Needs[];
  dataOf: { hash: string; name: string }[];
  has(hash: string): boolean;
  /** Hashes of files by the hash of their list. */
  lists(hashes: string[]): Promise<Map<string, string[]>>;
}): Promise<{ needed: Set<string>; notes: string[] }> {
  const wanted = new Map<string, string>();
  const lost: string[] = [];
  const notes: string[] = [];
  for (const { ref, objects } of needs) {
    for (const hash of objects) {
      wanted.set(hash, ref.name);
      if (!isList(hash) || has(hash)) continue;
      if (ref.kind === 'commit') notes.push(`the remote lacks ${short(hash)}, which ${ref.name} names`);
      else lost.push(`${ref.name} needs ${short(hash)}`);
    }
  }
  if (lost.length > 0) {
    throw new PerennialError(
      `the remote lacks data that branches or tags need: ${some(lost)}; nothing was removed`,
      {
        exitCode: EXIT.corrupt,
        hint: 'send them from a clone that has them (dvc push --all-branches --all-tags), or delete the branch or tag',
        facts: { lost },
      },
    );
  }
  for (const { hash, name } of dataOf) {
    // Data that were never under DVC have another name.
    if (!/^[0-9a-f]{32}(\.dir)?$/.test(hash)) continue;
    if (!isList(hash) || has(hash)) wanted.set(hash, name);
    else notes.push(`the remote lacks the data ${short(hash)} of ${name}: removed before, or never sent`);
  }
  const needed = new Set(wanted.keys());
  const there = [...wanted.keys()].filter((hash) => isList(hash) && has(hash));
  for (const files of (await lists(there)).values()) for (const md5 of files) needed.add(md5);
  return { needed, notes: [...new Set(notes)] };
}

/** The list of a folder's files. */
export const isList = (hash: string) => hash.endsWith('.dir');
const short = (hash: string) => hash.slice(0, 12);
const some = (lines: string[]) => {
  const unique = [...new Set(lines)];
  return unique.length > 5
    ? `${unique.slice(0, 5).join(', ')} and ${unique.length - 5} more`
    : unique.join(', ');
};
