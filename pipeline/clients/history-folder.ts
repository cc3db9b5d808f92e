import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HistoryEntry } from '../contracts/promotion.ts';
import { readJson, writeJson } from '../files.ts';

/** Every promotion, refusal and rollback, oldest first; one file each, so that two pull requests never touch the same. */
export async function readHistory(directory: string): Promise<HistoryEntry[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => readJson(join(directory, name), HistoryEntry)),
  );
  return oldestFirst(entries.filter((entry) => entry !== null));
}

export function oldestFirst(entries: HistoryEntry[]): HistoryEntry[] {
  return entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** The same entry twice is the same file. */
export async function addToHistory(directory: string, entry: HistoryEntry): Promise<void> {
  await writeJson(join(directory, historyName(entry)), HistoryEntry, entry);
}

/** File name of an entry. */
export function historyName({ at, kind, to }: Pick<HistoryEntry, 'at' | 'kind' | 'to'>): string {
  return `${at.replaceAll(/[:.]/g, '-')}-${kind}-${to ?? 'none'}.json`;
}
