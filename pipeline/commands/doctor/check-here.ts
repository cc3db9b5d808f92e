import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseCorrupt, trackedOutputs, verifyCache } from '../../clients/dvc-cache.ts';
import { RunRecord } from '../../contracts/run-record.ts';
import { readJson } from '../../files.ts';
import { paths, type Workspace } from '../../workspace.ts';
import { examine, type Finding } from './finding.ts';

/** Hashes anew what DVC's cache holds of the present data and of the stages' outputs. */
export async function checkCache({ root }: Workspace, signal: AbortSignal): Promise<Finding> {
  return await examine({ home: 'cache', where: 'data and outputs' }, async () => {
    const outputs = await trackedOutputs(root);
    if (outputs.length === 0) return 'no data yet';
    const sum = { objects: 0, bytes: 0, missing: 0 };
    for (const { path, md5 } of outputs) {
      signal.throwIfAborted();
      const check = await verifyCache({ root, hash: md5, path });
      refuseCorrupt(check);
      sum.objects += check.objects;
      sum.bytes += check.bytes;
      sum.missing += check.missing.length;
    }
    const said = `${sum.objects} objects (${size(sum.bytes)}) are what their hashes say`;
    if (sum.missing === 0) return said;
    // A fresh clone has none of them.
    return {
      state: 'note',
      said: `${said}; ${sum.missing} are not here`,
      hint: 'a run makes or fetches what it needs; `dvc pull` fetches all of it from the remote',
    };
  });
}

/** Data and runs that the homes have not got yet. Read only: a run under way goes on. */
export async function checkWaiting(workspace: Workspace, model: string): Promise<Finding[]> {
  const { spool } = paths(workspace, model);
  const names = await readdir(spool).catch((): string[] => []);
  const waiting: RunRecord[] = [];
  let unreadable = 0;
  for (const name of names) {
    const record = await readJson(join(spool, name, 'record.json'), RunRecord).catch(
      () => 'unreadable' as const,
    );
    if (record === 'unreadable') unreadable += 1;
    else if (record && record.state !== 'running') waiting.push(record);
  }
  const findings: Finding[] = [];
  const place = { home: 'waiting', where: model, state: 'note' } as const;
  if (existsSync(join(workspace.root, 'artifacts', model, 'not-yet-pushed'))) {
    findings.push({
      ...place,
      said: 'data that the remote may not have yet',
      hint: 'the next run sends them, or `npm run pipeline -- push`',
    });
  }
  if (waiting.length > 0) {
    const bytes = waiting
      .flatMap(({ artifacts }) => artifacts)
      .reduce((total, file) => total + file.bytes, 0);
    const [oldest] = waiting.map(({ started_at }) => started_at).sort();
    const runs = `${waiting.length} ${waiting.length === 1 ? 'run waits' : 'runs wait'}`;
    findings.push({
      ...place,
      said: `${runs} for the tracking server (${size(bytes)}, since ${oldest.slice(0, 16).replace('T', ' ')})`,
      hint: 'the next run delivers them',
    });
  }
  if (unreadable > 0) {
    const said = `${unreadable} of ${names.length} records of runs cannot be read`;
    findings.push({ ...place, said, hint: `look into ${spool}; they are left out of the delivery` });
  }
  return findings;
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
