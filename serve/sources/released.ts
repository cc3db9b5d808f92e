import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import { CorruptError, UpstreamError } from '../../pipeline/contracts/errors.ts';
import { type Archive, PackPointer, Released } from '../../pipeline/contracts/released.ts';
import { unzipBundle } from '../../pipeline/registry/bundle-zip.ts';
import { fileReader } from './released/file-reader.ts';
import { httpReader } from './released/http-reader.ts';
import type { Reader } from './released/reader.ts';
import type { Source } from './source.ts';

export interface ReleasedOptions {
  /** For `released.json` and pointers; for archives. */
  limitMs?: { json: number; archive: number };
  maxBytes?: { json: number; archive: number };
}

export interface ReleasedSource extends Source {
  /** `released.json` itself; null where there is none. */
  released(): Promise<Released | null>;
}

const LIMIT_MS = { json: 20_000, archive: 300_000 };
const MAX_BYTES = { json: 10_000_000, archive: 500_000_000 };

/** What a release leaves: `released.json` with an archive a bundle and a pack beside it, and `<model>-pack.json` where a newer pack was
 *  published since. Each look is one conditional request a file.
 *  @param at a path or an http(s) address of `released.json` */
export function releasedSource(at: string, options: ReleasedOptions = {}): ReleasedSource {
  const { limitMs = LIMIT_MS, maxBytes = MAX_BYTES } = options;
  const web = /^https?:\/\//i.test(at);
  const file = web ? null : fileReader(at);
  const reader: Reader = file ?? httpReader(at);
  const json = { maxBytes: maxBytes.json, limitMs: limitMs.json };
  const released = watched(reader, { name: file ? file.name : at, schema: Released, ...json });
  const pointers = new Map<string, () => Promise<PackPointer | null>>();
  const pointerOf = (model: string) => {
    const name = `${model}-pack.json`;
    const found = pointers.get(model) ?? watched(reader, { name, schema: PackPointer, ...json });
    pointers.set(model, found);
    return found();
  };

  async function entry(model: string) {
    const all = (await released())?.models ?? {};
    return Object.hasOwn(all, model) ? all[model] : null;
  }

  /** The pack of the release, or one that was published since. */
  async function newestPack(model: string): Promise<{ id: string; archive: Archive } | null> {
    const named = await entry(model);
    const pointer = await pointerOf(model);
    const since = (await released())?.released_at;
    if (pointer && (!named?.pack || !since || Date.parse(pointer.published_at) > Date.parse(since)))
      return { id: pointer.id, archive: pointer };
    return named?.pack ? { id: named.pack.sha256, archive: named.pack } : null;
  }

  async function unpacked({ url, sha256, bytes }: Archive): Promise<BundleFiles> {
    // One byte more than there should be is told as such.
    const most = Math.min(bytes + 1, maxBytes.archive);
    const found = await reader.read(url, { maxBytes: most, limitMs: limitMs.archive });
    if (!found || found === 'unchanged')
      throw new UpstreamError(`${reader.where} names an archive that is not there`, {
        hint: 'publish it again; it is asked again in a while',
      });
    const seen = createHash('sha256').update(found.bytes).digest('hex');
    if (seen !== sha256)
      throw new CorruptError(
        `an archive of ${reader.where} is not the one it names: ${found.bytes.byteLength} bytes with the SHA-256 ${seen.slice(0, 12)}…, expected ${bytes} with ${sha256.slice(0, 12)}…`,
        { hint: 'publish it again; it is asked again in a while' },
      );
    return await unzipBundle(found.bytes);
  }

  return {
    where: reader.where,
    released,
    version: async (model) => (await entry(model))?.version ?? null,
    async versionNamed(model, version) {
      const found = (await entry(model))?.version;
      return found?.version === version ? found : null;
    },
    async bundle(model, { digest, version }) {
      const named = await entry(model);
      if (named?.version.digest !== digest)
        throw new UpstreamError(`${reader.where} does not name ${version} of ${model} any more`, {
          hint: 'it is asked again in a while',
        });
      return await unpacked(named.bundle);
    },
    async pack(model, seen) {
      const newest = await newestPack(model);
      if (!newest || newest.id === seen) return null;
      return { id: newest.id, files: await unpacked(newest.archive) };
    },
    close: () => reader.close(),
  };
}

/** For this long an answer is fresh: the questions of one look share it. */
const FRESH_MS = 100;

/** A file of JSON that is asked for again and again; parsed when it has changed. Who asks while it is asked for waits for the same.
 *  @throws CorruptError for what is not of the schema; UpstreamError */
function watched<T extends z.ZodType>(
  reader: Reader,
  { name, schema, ...limits }: { name: string; schema: T; maxBytes: number; limitMs: number },
): () => Promise<z.output<T> | null> {
  let last: { tag: string | null; value: z.output<T> | null; at: number } | null = null;
  let asking: Promise<z.output<T> | null> | null = null;

  async function ask(): Promise<z.output<T> | null> {
    if (last && performance.now() - last.at < FRESH_MS) return last.value;
    const found = await reader.read(name, { seen: last?.tag, ...limits });
    if (found === 'unchanged') last = { ...last!, at: performance.now() };
    else last = { tag: found?.tag ?? null, value: found && parsed(found.bytes), at: performance.now() };
    return last.value;
  }

  function parsed(bytes: Buffer): z.output<T> {
    try {
      return schema.parse(JSON.parse(bytes.toString('utf8')));
    } catch (cause) {
      throw new CorruptError(
        `${reader.where}${name.endsWith('-pack.json') ? ` (${name})` : ''} is not what its schema expects`,
        {
          cause,
          hint: 'what is served stays; publish it again',
        },
      );
    }
  }

  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}
