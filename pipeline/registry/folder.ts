import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { z } from 'zod';
import { isAlive } from '../clients/is-alive.ts';
import type { BundleFiles } from '../contracts/bundle.ts';
import { ConflictError, CorruptError, LockedError, UsageError } from '../contracts/errors.ts';
import { type Alias, RegisteredVersion, type Registry } from '../contracts/registry.ts';
import { readJson, writeJson } from '../files.ts';
import { readBundle, writeInto } from './bundle-folder.ts';
import { verifyBundle } from './manifest.ts';
import { refuseNeeded } from './refuse-needed.ts';

export interface FolderOptions {
  model: string;
  now: () => Date;
  /** A lock whose owner died is taken over after this time. */
  staleLockMs?: number;
}

/**
 * The embedded registry: a folder with
 *   v0001/bundle/…      what serving loads, with its manifest `bundle.json`
 *   v0001/version.json  what is known of it
 *   champion.json       an alias: { "version": "v0001" }
 * A version appears by one rename, which no second one of that number can follow, and never changes; an alias moves by one
 * rename, compared and set under a lock.
 * So a process killed at any moment leaves what was there before, or the new version whole.
 * @param directory one model's folder, `models/<model>`; made when first written to
 */
export function folderRegistry(
  directory: string,
  { model, now, staleLockMs = 5000 }: FolderOptions,
): Registry {
  const aliasFile = (alias: Alias) => join(directory, `${alias}.json`);
  const locked = <T>(work: (held: () => boolean) => Promise<T>) => underLock(directory, staleLockMs, work);

  async function versions(): Promise<RegisteredVersion[]> {
    const names = (await entries(directory)).filter((name) => VERSION.test(name)).sort(byNumber);
    return Promise.all(names.map(async (name) => (await about(name)) ?? missing(join(directory, name))));
  }

  async function about(version: string): Promise<RegisteredVersion | null> {
    if (!VERSION.test(version)) return null;
    return await readJson(join(directory, version, 'version.json'), RegisteredVersion);
  }

  async function pointer(alias: Alias): Promise<string | null> {
    return (await readJson(aliasFile(alias), Pointer))?.version ?? null;
  }

  async function load(version: string): Promise<{ found: RegisteredVersion; files: BundleFiles } | null> {
    const found = await about(version);
    if (!found) return null;
    const files = await readBundle(join(directory, version, 'bundle'));
    verifyBundle(files, found.digest);
    return { found, files };
  }

  return {
    async register(files, facts) {
      const { digest } = verifyBundle(files);
      await mkdir(directory, { recursive: true });
      const prepared = join(directory, `${TEMPORARY}${process.pid}-${randomBytes(6).toString('hex')}`);
      await writeInto(join(prepared, 'bundle'), files);
      try {
        return await locked(async () => {
          await removeLeftovers(directory);
          for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
            const known = await versions();
            const twin = known.find((version) => version.digest === digest);
            if (twin) return twin;
            const version = nextAfter(known.at(-1)?.version);
            const made = { ...facts, model, version, digest, registered_at: now().toISOString() };
            await writeJson(join(prepared, 'version.json'), RegisteredVersion, made);
            // Taken: our lock grew stale on a machine that stood still, and another one went on.
            if (await renamed(prepared, join(directory, version))) return RegisteredVersion.parse(made);
          }
          throw heldByAnother(directory);
        });
      } finally {
        await rm(prepared, { recursive: true, force: true });
      }
    },

    versions,

    async version(version) {
      return (await load(version))?.found ?? null;
    },

    async bundle(version) {
      const loaded = await load(version);
      if (loaded) return loaded.files;
      throw new UsageError(`there is no version ${version} of ${model}`, { hint: await hintOf(versions) });
    },

    async alias(alias) {
      const version = await pointer(alias);
      if (!version) return null;
      return (await load(version))?.found ?? missing(join(directory, version));
    },

    pointer,

    async setAlias(alias, version, expected) {
      if (!(await about(version)))
        throw new UsageError(`there is no version ${version} of ${model}`, { hint: await hintOf(versions) });
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const moved = await locked(async (held) => {
          const current = await pointer(alias);
          if (current !== expected)
            throw new ConflictError(
              `${alias} of ${model} is ${current ?? 'unset'}, expected ${expected ?? 'unset'}`,
              {
                hint: 'somebody else moved it; look at it again and decide anew',
                facts: { alias, current, expected, version },
              },
            );
          // What was compared a while ago may be otherwise by now.
          if (!held()) return false;
          await writeJson(aliasFile(alias), Pointer, { version });
          return true;
        });
        if (moved) return;
      }
      throw heldByAnother(directory);
    },

    async remove(version) {
      if (!(await about(version))) return;
      const gone = join(directory, `${TEMPORARY}${process.pid}-${randomBytes(6).toString('hex')}`);
      try {
        await locked(async (isOurs) => {
          const newest = (await versions()).at(-1)?.version;
          const held = new Set([await pointer('champion'), await pointer('challenger')]);
          refuseNeeded(version, { model, newest, held });
          if (!isOurs()) throw heldByAnother(directory);
          // One rename: no reader finds half of it.
          await rename(join(directory, version), gone).catch(unlessAbsent);
        });
      } finally {
        await rm(gone, { recursive: true, force: true });
      }
    },
  };
}

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

const VERSION = /^v\d{4,}$/;
const TEMPORARY = '.new-';
const Pointer = z.strictObject({ version: z.string().regex(VERSION) });
const ONE_HOUR_MS = 3_600_000;
const ATTEMPTS = 20;

/** @param work its `held` tells whether the lock is surely still ours: a process that stood still for longer than a lock
 *  lives (a laptop that slept, a machine that is overloaded) may have lost it to another one */
async function underLock<T>(
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

function heldByAnother(directory: string, cause?: unknown): LockedError {
  return new LockedError(`the registry ${directory} is held by another process`, {
    cause,
    hint: 'wait for the other run to end, then run again',
  });
}

/** @returns false where there is something of that name already */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Takes away what killed processes left half written; what a living one is writing stays. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await entries(directory)) {
    if (!name.startsWith(TEMPORARY)) continue;
    const owner = Number(name.slice(TEMPORARY.length).split('-')[0]);
    const touched = (await stat(join(directory, name)).catch(() => null))?.mtimeMs ?? 0;
    // A number may have gone to another process since: nobody writes a bundle for an hour.
    if (isAlive(owner) && Date.now() - touched < ONE_HOUR_MS) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function entries(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1));
}

function nextAfter(version: string | undefined): string {
  return `v${String(Number(version?.slice(1) ?? 0) + 1).padStart(4, '0')}`;
}

function missing(path: string): never {
  throw new CorruptError(`${path} is not a whole version: it has no version.json`, {
    hint: 'restore the folder from its backup, or roll back to another version',
    facts: { path },
  });
}

async function hintOf(versions: () => Promise<RegisteredVersion[]>): Promise<string> {
  const known = (await versions()).map(({ version }) => version);
  return known.length === 0 ? 'the registry is empty' : `known are ${known.slice(-10).join(', ')}`;
}
