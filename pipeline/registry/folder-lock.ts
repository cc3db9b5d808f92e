import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { isAlive } from '../clients/is-alive.ts';
import { LockedError } from '../contracts/errors.ts';

const TEMPORARY = '.new-';
const ONE_HOUR_MS = 3_600_000;

/** A name for what is not whole yet, or about to go: no reader looks there, and `removeLeftovers` knows whose it is. */
export function scratchIn(directory: string): string {
  return join(directory, `${TEMPORARY}${process.pid}-${randomBytes(6).toString('hex')}`);
}

/** @param work its `held` tells whether the lock is surely still ours: a process that stood still for longer than a lock
 *  lives (a laptop that slept, a machine that is overloaded) may have lost it to another one */
export async function underLock<T>(
  directory: string,
  stale: number,
  work: (held: () => boolean) => Promise<T>,
): Promise<T> {
  await mkdir(directory, { recursive: true });
  let lost = false;
  const release = await lock(directory, {
    lockfilePath: join(directory, '.lock'),
    stale,
    // In all some twice the time after which a dead owner's lock is taken over.
    retries: { retries: Math.ceil((2 * stale) / 100), minTimeout: 100, maxTimeout: 100, factor: 1 },
    // Without it the whole process would end.
    onCompromised: () => {
      lost = true;
    },
  }).catch((cause) => {
    throw heldByAnother(directory, cause);
  });
  const began = performance.now();
  try {
    return await work(() => !lost && performance.now() - began < stale / 2);
  } finally {
    // One that was lost is another one's by now.
    if (!lost) await release().catch(() => {});
  }
}

export function heldByAnother(directory: string, cause?: unknown): LockedError {
  return new LockedError(`the registry ${directory} is held by another process`, {
    cause,
    hint: 'wait for the other run to end, then run again',
  });
}

/** @returns false where there is something of that name already */
export async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Takes away what killed processes left half written; what a living one is writing stays. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await entries(directory)) {
    if (!name.startsWith(TEMPORARY)) continue;
    const owner = Number(name.slice(TEMPORARY.length).split('-')[0]);
    const touched = (await stat(join(directory, name)).catch(() => null))?.mtimeMs ?? 0;
    // A number may have gone to another process since: nobody writes a bundle for an hour.
    if (isAlive(owner) && Date.now() - touched < ONE_HOUR_MS) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

export async function entries(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
