import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import { LockedError } from '../contracts/errors.ts';
import type { Workspace } from '../workspace.ts';
import { isAlive } from './is-alive.ts';

/** Without a sign of life for so long an owner on another machine is taken for dead. */
const STALE_MS = 60_000;

const Owner = z.object({ pid: z.number().int(), host: z.string(), since: z.string() });

/** Keeps other runs out of the workspace until the returned function is called.
 *  @throws LockedError that names the run which holds it */
export async function lockWorkspace(workspace: Workspace): Promise<() => Promise<void>> {
  const folder = join(workspace.root, 'artifacts');
  await mkdir(folder, { recursive: true });
  const lock = join(folder, 'run.lock');
  const options = { lockfilePath: lock, stale: STALE_MS, update: STALE_MS / 6, realpath: false };
  const take = () => lockfile.lock(folder, options).catch(() => null);

  let release = await take();
  if (!release && (await removeDead(lock))) release = await take();
  if (!release) {
    const owner = await readOwner(lock);
    throw new LockedError(
      `another run is at work in ${workspace.root}${owner ? ` (process ${owner.pid} on ${owner.host}, since ${owner.since})` : ''}`,
      { hint: 'wait for it to end and start again', facts: { owner } },
    );
  }
  await writeFile(
    ownerFile(lock),
    JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() }),
  );
  const unlock = release;
  return async () => {
    await rm(ownerFile(lock), { force: true });
    await unlock();
  };
}

/** A killed run leaves its lock; on this machine nobody need wait until it is stale. */
async function removeDead(lock: string): Promise<boolean> {
  const owner = await readOwner(lock);
  if (!owner || owner.host !== hostname() || isAlive(owner.pid)) return false;
  const aside = `${lock}.dead.${process.pid}`;
  try {
    await rename(lock, aside);
  } catch {
    return true; // Somebody else was quicker; whether the lock is free now shows when it is taken.
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

/** Beside the lock, not in it: proper-lockfile removes its folder only while that is empty. */
const ownerFile = (lock: string) => `${lock}.owner.json`;

async function readOwner(lock: string) {
  try {
    return Owner.parse(JSON.parse(await readFile(ownerFile(lock), 'utf8')));
  } catch {
    return null; // Not written yet: the lock was taken this moment.
  }
}
