import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RemoteHome } from '../contracts/homes.ts';
import { dvcAt } from './dvc.ts';

/** Brings folders from a remote by their hashes alone, whatever repository or commit names them, into a folder that is no
 *  repository. Nothing of a commit need be checked out for it.
 *  @param wanted path below `into` → hash, as `dvc.lock` has it
 *  @throws DvcError; LostObjectsError where the remote does not have it */
export async function fetchByHash(
  into: string,
  wanted: ReadonlyMap<string, string>,
  { remote, signal }: { remote: RemoteHome; signal?: AbortSignal },
): Promise<void> {
  if (wanted.size === 0) return;
  await mkdir(join(into, '.dvc'), { recursive: true });
  await writeFile(join(into, '.dvc', 'config'), SETTINGS);
  const outs = [...wanted].map(([path, md5]) => ({ md5, hash: 'md5', path }));
  await writeFile(join(into, FILE), stringify({ outs }));
  await dvcAt({ root: into, remote, signal }).pull({ targets: [FILE] });
}

/** The name by which a failed pull is explained. */
const FILE = 'data.dvc';
const SETTINGS = '[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n';
