import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseDirObject } from '../../clients/dvc-cache.ts';
import { type StoreStep, stepsOn } from '../../clients/dvc-store.ts';
import { withScratch } from '../../clients/scratch.ts';
import { CorruptError } from '../../contracts/errors.ts';
import type { RemoteHome } from '../../contracts/homes.ts';
import { isList, neededObjects } from './needed-objects.ts';
import type { Item, Part } from './part.ts';
import type { Needs } from './read-needs.ts';

/** What a run that is under way has sent and not committed yet is younger than this. */
const YOUNG_DAYS = 7;
const LIMIT_MS = 30 * 60_000;
/** Keys in one call: they travel as one argument. */
const AT_A_TIME = 500;

export interface FindObjects {
  needs: Needs[];
  /** Data versions of kept versions, with their names. */
  dataOf: { hash: string; name: string }[];
  now: Date;
  signal?: AbortSignal;
}

const Stored = z.object({ hash: z.string(), bytes: z.number(), written: z.number().nullable() });
type Stored = z.infer<typeof Stored>;

/** Objects of a DVC remote that no branch, no tag, no recent commit and no kept version's data version needs.
 *  @throws CorruptError where the list of files of something that is needed is not in the remote */
export async function findObjects(home: RemoteHome, options: FindObjects): Promise<Part> {
  if (home.kind === 'http') {
    return {
      items: [],
      notes: [`${home.shown} (https) lists and deletes nothing: its objects stay`],
      remove: async () => {},
    };
  }
  const { signal, now } = options;
  const stored = await listed(home, signal);
  const { needed, notes } = await neededObjects({
    needs: options.needs,
    dataOf: options.dataOf,
    has: (hash) => stored.has(hash),
    lists: (hashes) => readLists(home, hashes, signal),
  });
  const young = now.getTime() / 1000 - YOUNG_DAYS * 86_400;
  // What has no date could be of today.
  const isYoung = ({ written }: Stored) => written === null || written > young;
  const free = [...stored.values()].filter(({ hash }) => !needed.has(hash));
  const going = free.filter((object) => !isYoung(object));
  const kept = [...stored.values()].filter(({ hash }) => needed.has(hash));
  const items = [
    told(kept, false, 'a branch, a tag, a commit of the last 14 days or a kept version needs them'),
    told(free.filter(isYoung), false, `younger than ${YOUNG_DAYS} days: a run may be about to commit them`),
    told(going, true, 'nothing needs them'),
  ];
  return { items: items.filter(({ count }) => count > 0), notes, remove: () => remove(home, going, signal) };
}

function told(objects: Stored[], goes: boolean, why: string): Item {
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  return {
    kind: 'objects',
    model: null,
    name: `${objects.length} objects`,
    count: objects.length,
    bytes,
    goes,
    why,
  };
}

async function listed(home: RemoteHome, signal?: AbortSignal): Promise<Map<string, Stored>> {
  return withScratch(async (folder) => {
    const file = join(folder, 'objects.jsonl');
    await taken(home, [{ do: 'objects', file }], signal);
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    return new Map(
      lines.map((line) => Stored.parse(JSON.parse(line))).map((object) => [object.hash, object]),
    );
  });
}

async function readLists(
  home: RemoteHome,
  hashes: string[],
  signal?: AbortSignal,
): Promise<Map<string, string[]>> {
  const lists = new Map<string, string[]>();
  for (let at = 0; at < hashes.length; at += AT_A_TIME) {
    const some = hashes.slice(at, at + AT_A_TIME);
    const steps = some.map((hash) => ({
      do: 'read' as const,
      key: `files/md5/${hash.slice(0, 2)}/${hash.slice(2)}`,
    }));
    const answers = await taken(home, steps, signal);
    for (const [i, { text = '' }] of answers.entries()) {
      const files = parseDirObject(some[i], text);
      if (!files) throw corrupt(home, some[i]);
      lists.set(
        some[i],
        files.map(({ md5 }) => md5),
      );
    }
  }
  return lists;
}

/** Lists of files first: DVC believes that all is there which a list in the remote names, and would not send it again. */
async function remove(home: RemoteHome, objects: Stored[], signal?: AbortSignal): Promise<void> {
  if (objects.length === 0) return;
  const hashes = objects.map(({ hash }) => hash);
  const order = [...hashes.filter(isList), ...hashes.filter((hash) => !isList(hash))];
  await withScratch(async (folder) => {
    const file = join(folder, 'hashes');
    await writeFile(file, `${order.join('\n')}\n`);
    await taken(home, [{ do: 'remove-all', file }], signal);
  });
}

async function taken(home: RemoteHome, steps: StoreStep[], signal?: AbortSignal) {
  const answers = await stepsOn(home, steps, { signal, timeoutMs: LIMIT_MS });
  const failed = answers.find(({ error }) => error !== undefined);
  if (failed?.error) throw failed.error;
  return answers;
}

function corrupt(home: RemoteHome, hash: string): CorruptError {
  return new CorruptError(
    `the list of files ${hash} in ${home.shown} is not what its name says; nothing was removed`,
    {
      hint: 'send it again from a clone that has the data: dvc push',
      facts: { hash },
    },
  );
}
