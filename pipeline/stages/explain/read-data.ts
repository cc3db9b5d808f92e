import { existsSync } from 'node:fs';
import { cacheFile, readDirObject, trackedOutputs, verifyCache } from '../../clients/dvc-cache.ts';
import {
  describeSnapshot,
  listSnapshots,
  type StoredSnapshot,
  snapshotsIn,
  verifySnapshot,
} from '../../clients/snapshot-store.ts';
import { CorruptError } from '../../contracts/errors.ts';
import type { Snapshot } from '../../contracts/snapshot.ts';
import type { DataSeen, SnapshotsSeen } from './judge-data.ts';
import { readRevision } from './read-commit.ts';

export interface DataRequest {
  /** The DVC repository. */
  root: string;
  /** As `data.dvc` has it. */
  hash: string;
  model: string;
  /** Where data could be fetched from, as a person may see it. */
  remote: string | null;
  signal?: AbortSignal;
}

/** Hashes all that the cache holds of a data version. */
export async function readData({ root, hash, remote }: DataRequest): Promise<DataSeen> {
  const check = await verifyCache({ root, hash, path: 'data' });
  const isList = ({ md5 }: { md5: string }) => md5 === hash;
  return {
    listed: ![...check.missing, ...check.corrupt].some(isList),
    objects: check.objects,
    missing: check.missing.filter((one) => !isList(one)).map(({ path }) => path),
    corrupt: check.corrupt.map((one) => ({ path: isList(one) ? '' : one.path, file: one.file })),
    current: (await trackedOutputs(root)).some(({ path, md5 }) => path === 'data' && md5 === hash),
    revision: await readRevision(root, hash),
    remote,
    root,
  };
}

/** Compares every raw file of a data version with what its `snapshot.json` says, in archives too; and where the newest of
 *  them lies in the work tree, that as well: from there the next data version is made.
 *  @returns null where the data version is not on this machine */
export async function readSnapshots(request: DataRequest, raw: string): Promise<SnapshotsSeen | null> {
  const { signal } = request;
  try {
    const stored = await cachedSnapshots(request);
    if (!stored) return null;
    const seen = { total: stored.length, archived: stored.filter(({ archive }) => archive).length };
    const last = stored.at(-1);
    let newest: Snapshot | null = null;
    const whole: string[] = [];
    try {
      if (last) newest = await describeSnapshot(last);
      for (const one of stored) whole.push((await verifySnapshot(one, signal)).sha256);
      const here = (await listSnapshots(raw)).find(({ stamp }) => stamp === last?.stamp);
      if (here) await verifySnapshot(here, signal);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      return { ...seen, newest, whole, refused: error };
    }
    return { ...seen, newest, whole, refused: null };
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    return { total: 0, archived: 0, newest: null, whole: [], refused: error };
  }
}

/** The snapshots of a model in a data version, oldest first; those whose objects are not in the cache are left out.
 *  @returns null where not even its list of files is there
 *  @throws CorruptError naming the list or an archive */
export async function cachedSnapshots({
  root,
  hash,
  model,
}: Pick<DataRequest, 'root' | 'hash' | 'model'>): Promise<StoredSnapshot[] | null> {
  const files = await readDirObject(root, hash);
  if (!files) return null;
  const raw = `${model}/raw/`;
  const objects = new Map<string, string>();
  for (const { path, md5 } of files) {
    if (!path.startsWith(raw)) continue;
    const object = await cacheFile(root, md5);
    if (existsSync(object)) objects.set(path.slice(raw.length), object);
  }
  return snapshotsIn(objects);
}
