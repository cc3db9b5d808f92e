import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UpstreamError, UsageError } from '../contracts/errors.ts';
import { Source, type SourceParams } from '../contracts/params.ts';
import { hire } from './courier.ts';
import { FileNames } from './file-names.ts';
import { gather } from './gather.ts';
import { expand, isRemote } from './local-files.ts';
import { type OpenFile, openFiles, type RawFile } from './open-snapshot.ts';
import type { Timing } from './retry.ts';
import { unpack } from './unpack.ts';

export interface CollectOptions {
  signal?: AbortSignal;
  now?: () => Date;
  env?: Record<string, string | undefined>;
  /** What relative paths start from. */
  base?: string;
  timing?: Timing;
  onWait?: (url: string, seen: string, waitMs: number) => void;
  onBytes?: (bytes: number) => void;
}

/** Data to look at once, without state: downloads what is remote, opens what is compressed.
 *  Local files that are plain already are not copied.
 *  @param source an address, a file, a folder, a pattern, or the `source` of an entry of params.yaml
 *  @param scratch empty folder for what is made on the way; its owner deletes it
 *  @throws UpstreamError, UsageError */
export async function collectSource(
  source: string | SourceParams,
  scratch: string,
  options: CollectOptions = {},
): Promise<OpenFile[]> {
  const { files, params } = await collectRaw(source, scratch, options);
  return openFiles(files, params, join(scratch, 'open'));
}

/** One file as it is inside its compression, not turned into records: polygons, for instance.
 *  @throws UpstreamError if there are several, or none */
export async function collectFile(
  source: string,
  scratch: string,
  options: CollectOptions = {},
): Promise<string> {
  const { files, params } = await collectRaw(source, scratch, options);
  const found: string[] = [];
  for (const { path, name, shown } of files) {
    const open = { shown, maxBytes: params.max_bytes, scratch: join(scratch, 'open') };
    for (const inside of await unpack({ path, name }, open)) found.push(inside.path);
  }
  if (found.length === 1) return found[0];
  throw new UpstreamError(`${source}: ${found.length} files, one was expected`, {
    hint: 'name the file itself',
  });
}

async function collectRaw(
  source: string | SourceParams,
  scratch: string,
  options: CollectOptions,
): Promise<{ files: RawFile[]; params: SourceParams }> {
  const params = typeof source === 'string' ? Source.parse({ urls: [source] }) : source;
  if (params.urls === undefined) {
    throw new UsageError('the simulator has no address of its own', { hint: 'give a file or an address' });
  }
  const base = options.base ?? process.cwd();
  const env = options.env ?? process.env;
  const folder = join(scratch, 'raw');
  await mkdir(folder, { recursive: true });
  const signal = options.signal ?? new AbortController().signal;
  const courier = hire(params, { ...options, signal, now: options.now ?? (() => new Date()), env });
  const files: RawFile[] = [];
  const names = new FileNames();
  try {
    for (const url of new Set(params.urls)) {
      if (isRemote(url)) {
        const gathered = await gather(url, undefined, { courier, source: params, folder, base, env, names });
        for (const file of gathered?.files ?? []) {
          files.push({ path: join(folder, file.name), name: file.name, shown: file.url });
        }
      } else {
        for (const path of await expand(url, base))
          files.push({ path, name: basename(path), shown: basename(path) });
      }
    }
  } finally {
    await courier.dismiss();
  }
  return { files, params };
}
