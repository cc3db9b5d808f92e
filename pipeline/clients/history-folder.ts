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
  return entries.filter((entry) => entry !== null).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** The same entry twice is the same file. */
export async function addToHistory(directory: string, entry: HistoryEntry): Promise<void> {
  const moment = entry.at.replaceAll(/[:.]/g, '-');
  await writeJson(join(directory, `${moment}-${entry.kind}-${entry.to ?? 'none'}.json`), HistoryEntry, entry);
}
