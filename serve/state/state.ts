import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { readJson, writeJson, writeWhole } from '../../pipeline/files.ts';
import { readBundle, writeBundle } from '../../pipeline/registry/bundle-folder.ts';
import type { Log } from '../log.ts';
import { attemptsOf } from './attempts.ts';
import { codeIdentity } from './code-identity.ts';
import {
  AttemptsFile,
  PinnedFile,
  type Refused,
  RefusedFile,
  ServedFile,
  Swap,
  SwapsFile,
} from './records.ts';

/** Of the history; the oldest go first. */
const MOST_SWAPS = 500;
/** Of the refused; a person can lift them, and nobody releases that many. */
const MOST_REFUSED = 1000;

export interface LastServed {
  at: string;
  version: RegisteredVersion;
  files: BundleFiles;
  pack: BundleFiles | null;
}

export type State = Awaited<ReturnType<typeof openState>>;

/**
 * What the service remembers from one start to the next, in a folder of its own:
 *   refused.json   bundles that are never tried again by themselves
 *   pinned.json    versions that a person wants whatever is released
 *   swaps.json     the history
 *   attempts.json  bundles that are being loaded or on trial: what kills the process leaves them behind
 *   served.json    what was served last, with bundles/<digest>/ and packs/<id>/
 * Each file is written whole or not at all, files before what names them; a disk that is full or read-only is told in the log, and
 * stops nothing: it is remembered until the process ends.
 * @param folder null: nothing outlives the process
 */
export async function openState(
  folder: string | null,
  { log, code = codeIdentity }: { log: Log; code?: () => string },
) {
  const read = async <T extends z.ZodType>(name: string, schema: T, empty: z.output<T>) =>
    (folder && (await readJson(join(folder, name), schema).catch(lost(log, name)))) || empty;
  const { refused } = await read('refused.json', RefusedFile, { format: 1, refused: [] });
  const { pinned } = await read('pinned.json', PinnedFile, { format: 1, pinned: {} });
  const { swaps } = await read('swaps.json', SwapsFile, { format: 1, swaps: [] });
  const { attempts } = await read('attempts.json', AttemptsFile, { format: 1, attempts: [] });
  const { models } = await read('served.json', ServedFile, { format: 1, models: {} });

  /** Files that nothing names yet. */
  const stored = new Set<string>();
  const isRefused = (model: string, digest: string) =>
    refused.some(
      (one) => one.model === model && one.digest === digest && (one.code === null || one.code === code()),
    );

  let last: Promise<void> = Promise.resolve();
  const waiting = new Set<string>();
  /** One after the other. */
  function write(what: string, work: (folder: string) => Promise<void>): Promise<void> {
    if (!folder) return last;
    last = last
      .then(() => work(folder))
      .catch((error) => log.error({ err: error }, `${what} could not be remembered`));
    return last;
  }
  /** A list that waits to be written needs no second turn: it is written as it is by then. */
  function writeList(what: string, work: (folder: string) => Promise<void>): Promise<void> {
    if (!folder || waiting.has(what)) return last;
    waiting.add(what);
    return write(what, (at) => {
      waiting.delete(what);
      return work(at);
    });
  }
  const writeRefused = () =>
    writeList('refused bundles', (at) =>
      writeJson(join(at, 'refused.json'), RefusedFile, { format: 1, refused: [...refused] }),
    );

  return {
    folder,

    attempts: attemptsOf(attempts, () =>
      writeList('attempts', (at) =>
        writeJson(join(at, 'attempts.json'), AttemptsFile, { format: 1, attempts: [...attempts] }),
      ),
    ),

    refused: (model: string): Refused[] => refused.filter((one) => one.model === model),
    isRefused,

    /** @param unreadable this code cannot read it; else it was read, and is not wanted */
    refuse(what: Omit<Refused, 'code'>, { unreadable = false } = {}): Promise<void> {
      const entry = { ...what, code: unreadable ? code() : null };
      remove(refused, (one) => one.model === entry.model && one.digest === entry.digest);
      refused.push(entry);
      if (refused.length > MOST_REFUSED) refused.shift();
      return writeRefused();
    },

    /** @returns false where it was not refused */
    async lift(model: string, digest: string): Promise<boolean> {
      const found = remove(refused, (one) => one.model === model && one.digest === digest);
      if (found) await writeRefused();
      return found;
    },

    pinned: (model: string): string | null => (Object.hasOwn(pinned, model) ? pinned[model] : null),

    /** @param version null: none any more */
    pin(model: string, version: string | null): Promise<void> {
      if (version === null) delete pinned[model];
      else pinned[model] = version;
      return writeList('pins', (at) =>
        writeJson(join(at, 'pinned.json'), PinnedFile, { format: 1, pinned: { ...pinned } }),
      );
    },

    swaps: (model: string): Swap[] => swaps.filter((one) => one.model === model),

    addSwap(swap: Swap): Promise<void> {
      // Checked one by one: all of them would hold up the answers for milliseconds, at each swap.
      swaps.push(Swap.parse(swap));
      if (swaps.length > MOST_SWAPS) swaps.splice(0, swaps.length - MOST_SWAPS);
      return writeList('the history', (at) => {
        const file: z.input<typeof SwapsFile> = { format: 1, swaps };
        return writeWhole(join(at, 'swaps.json'), `${JSON.stringify(file, null, 2)}\n`);
      });
    },

    /** What has held last; null where nothing has. */
    current: (model: string): RegisteredVersion | null => models[model]?.current.version ?? null,

    /** Where a rollback goes; null where there is nothing before. */
    previous: (model: string): RegisteredVersion | null => models[model]?.previous?.version ?? null,

    /** Keeps files that may be served soon: `keep` names them then. */
    store(kind: 'bundles' | 'packs', name: string, files: BundleFiles): Promise<void> {
      stored.add(name);
      return write(`${kind}/${name.slice(0, 12)}`, (at) => writeOnce(join(at, kind), name, files));
    },

    /** Takes back what was stored and will not be served. */
    drop(name: string): void {
      stored.delete(name);
    },

    /** Remembers what is served from now on, so that a start finds it whatever is away then. Its files were stored before.
     *  @param now.pack its id */
    keep(model: string, now: { at: string; version: RegisteredVersion; pack: string | null }): Promise<void> {
      const before = models[model];
      const { digest } = now.version;
      const isSame = before?.current.version.digest === digest;
      const previous = isSame ? before.previous : (before?.current ?? null);
      const isWayBack = previous && !isRefused(model, previous.version.digest);
      models[model] = {
        at: now.at,
        current: { version: now.version },
        previous: isWayBack ? previous : null,
        pack: now.pack,
      };
      const named = structuredClone(models);
      return write('what is served', async (at) => {
        await access(join(at, 'bundles', digest));
        if (now.pack) await access(join(at, 'packs', now.pack));
        await writeJson(join(at, 'served.json'), ServedFile, { format: 1, models: named });
        for (const name of [digest, now.pack]) if (name) stored.delete(name);
        await removeUnnamed(at, named, stored);
      });
    },

    /** What was served last; not verified here. null where nothing is remembered, or its files are gone. */
    async lastServed(model: string): Promise<LastServed | null> {
      const known = models[model];
      if (!known || !folder) return null;
      const { at, current, pack } = known;
      try {
        return {
          at,
          version: current.version,
          files: await readBundle(join(folder, 'bundles', current.version.digest)),
          pack: pack === null ? null : await readBundle(join(folder, 'packs', pack)),
        };
      } catch (error) {
        return lost(log, `what was served of ${model}`)(error);
      }
    },

    /** Files of a version that was served, as they are remembered; null where they are not. */
    async bundle(digest: string): Promise<BundleFiles | null> {
      return folder === null ? null : await readBundle(join(folder, 'bundles', digest)).catch(() => null);
    },

    /** When all of it is written. */
    settled: (): Promise<void> => last,
  };
}

/** Named by the hash of its content. A whole one is left alone: while it were written again there would be none. */
async function writeOnce(folder: string, name: string, files: BundleFiles): Promise<void> {
  const there = await readBundle(join(folder, name)).catch(() => null);
  if (!there || !isSame(there, files)) await writeBundle(join(folder, name), files);
}

function isSame(there: BundleFiles, files: BundleFiles): boolean {
  if (there.size !== files.size) return false;
  return [...files].every(
    ([path, bytes]) => there.has(path) && Buffer.compare(there.get(path)!, bytes) === 0,
  );
}

async function removeUnnamed(
  folder: string,
  models: ServedFile['models'],
  stored: ReadonlySet<string>,
): Promise<void> {
  const all = Object.values(models);
  const named = new Set(
    all.flatMap(({ current, previous, pack }) => [
      current.version.digest,
      previous?.version.digest ?? '',
      pack ?? '',
    ]),
  );
  for (const kind of ['bundles', 'packs']) {
    for (const name of await readdir(join(folder, kind)).catch(() => [] as string[])) {
      if (!named.has(name) && !stored.has(name))
        await rm(join(folder, kind, name), { recursive: true, force: true });
    }
  }
}

function lost(log: Log, what: string): (error: unknown) => null {
  return (error) => {
    log.error({ err: error }, `${what} cannot be read; the service goes on without it`);
    return null;
  };
}

function remove<T>(list: T[], which: (one: T) => boolean): boolean {
  const at = list.findIndex(which);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}
