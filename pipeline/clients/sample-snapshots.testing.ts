import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '../contracts/snapshot.ts';
import { hashOfHashes } from './open-snapshot.ts';
import { folderName } from './snapshot-folder.ts';

/** A snapshot's folder as ingest leaves it. */
export async function leaveSnapshot(
  raw: string,
  collectedAt: string,
  content: Record<string, string> = { 'cases.csv': `date,cases\n${collectedAt.slice(0, 10)},5\n` },
): Promise<Snapshot> {
  const folder = join(raw, folderName(collectedAt));
  await mkdir(folder, { recursive: true });
  const files: Snapshot['files'] = [];
  for (const [name, text] of Object.entries(content)) {
    await writeFile(join(folder, name), text);
    files.push({
      name,
      url: `https://portal.example/${name}`,
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
      format: 'csv',
      headers: {},
    });
  }
  const sha256 = hashOfHashes(files.map((file) => file.sha256));
  const snapshot: Snapshot = { collected_at: collectedAt, files, sha256 };
  await writeFile(join(folder, 'snapshot.json'), `${JSON.stringify(snapshot, null, 2)}\n`);
  return snapshot;
}

/** One a day at 22 o'clock. */
export async function leaveDaily(raw: string, from: string, days: number): Promise<void> {
  const start = Date.parse(`${from}T22:00:00.000Z`);
  for (let day = 0; day < days; day++)
    await leaveSnapshot(raw, new Date(start + day * 86_400_000).toISOString());
}
