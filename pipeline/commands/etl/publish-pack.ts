import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Dvc } from '../../clients/dvc.ts';
import type { StageContext } from '../../context.ts';
import { PackManifest } from '../../contracts/bundle.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import type { Snapshot, SourceState } from '../../contracts/snapshot.ts';
import { readJson, writeWhole } from '../../files.ts';
import { publish } from '../../stages/publish/run.ts';
import { packPointer, readPackPointer } from './pack-pointer.ts';

const POINTER = 'pack.dvc';

/** Publishes the observation pack where others can get it: in the registry, which services follow; and in DVC's remote, where
 *  `reports/<model>/pack.dvc` names its files. The pointer comes last: with it, both have the pack.
 *  The champion is the approved one, so nothing that nobody has approved is ever served. */
export async function publishPack(
  context: StageContext,
  options: {
    dvc: Dvc;
    registry: Registry;
    champion: RegisteredVersion;
    snapshot: Snapshot;
    dataVersion: string;
  },
): Promise<void> {
  const { paths: at, workspace, model } = context;
  const { dvc, champion, ...rest } = options;
  await publish(context, { ...rest, version: champion });
  const manifest = await readJson(join(at.pack, 'pack.json'), PackManifest);
  if (!manifest) throw new Error(`${at.pack} has no pack.json right after it was published`);
  const pointer = join(at.reports, POINTER);
  await writeWhole(pointer, packPointer(model, manifest));
  const target = relative(workspace.root, pointer);
  await dvc.commit(target);
  await dvc.push({ targets: [target] });
}

/** Whether the newest data and this champion have a pack already. */
export async function isPublished(
  reports: string,
  champion: RegisteredVersion | null,
  state: SourceState | null,
): Promise<boolean> {
  if (!champion) return true;
  const text = await readFile(join(reports, POINTER), 'utf8').catch(() => null);
  const pointer = readPackPointer(text);
  return pointer?.meta.bundle === champion.digest && pointer.meta.snapshot === state?.snapshot.sha256;
}
