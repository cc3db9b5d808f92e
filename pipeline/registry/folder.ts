import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BundleFiles } from '../contracts/bundle.ts';
import { ConflictError, CorruptError, UsageError } from '../contracts/errors.ts';
import { type Alias, RegisteredVersion, type Registry } from '../contracts/registry.ts';
import { readJson, writeJson } from '../files.ts';
import { readBundle, writeInto } from './bundle-folder.ts';
import { entries, heldByAnother, removeLeftovers, renamed, scratchIn, underLock } from './folder-lock.ts';
import { packsIn } from './folder-packs.ts';
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
 *   pack/…              observation packs, see `packsIn`
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

  const packs = packsIn(join(directory, 'pack'), staleLockMs);

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
      const prepared = scratchIn(directory);
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
      const gone = scratchIn(directory);
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

    publishPack: packs.publish,
    newestPack: packs.newest,
  };
}

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

const VERSION = /^v\d{4,}$/;
const Pointer = z.strictObject({ version: z.string().regex(VERSION) });
const ATTEMPTS = 20;

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
