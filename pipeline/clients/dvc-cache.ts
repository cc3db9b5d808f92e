import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CorruptError } from '../contracts/errors.ts';

/** A file of a tracked folder, or a tracked file itself. */
export interface TrackedFile {
  /** Below the repository, with slashes. */
  path: string;
  md5: string;
}

/** What one look at the cache found. */
export interface CacheCheck {
  /** Objects that were read, the list of the folder among them. */
  objects: number;
  bytes: number;
  /** Content is not what the name says. */
  corrupt: (TrackedFile & { file: string; found: string })[];
  missing: TrackedFile[];
}

const DirObject = z.array(z.looseObject({ md5: z.string().regex(/^[0-9a-f]{32}$/), relpath: z.string() }));

/** The files of a tracked folder, from its `.dir` object in the local cache; paths are below that folder.
 *  @param hash as `data.dvc` has it, `….dir`
 *  @returns null where the cache does not hold it
 *  @throws CorruptError if it is not what its name says */
export async function readDirObject(root: string, hash: string): Promise<TrackedFile[] | null> {
  const file = await cacheFile(root, hash);
  const text = await readFile(file).catch(absent);
  if (text === null) return null;
  const files = parseDirObject(hash, text);
  if (files) return files;
  throw new CorruptError(`the list of files ${hash} in DVC's cache is corrupt`, {
    hint: `delete ${file} and run \`dvc pull\``,
    facts: { hash, file },
  });
}

/** @returns null for content that its name does not stand for */
export function parseDirObject(hash: string, content: string | Buffer): TrackedFile[] | null {
  if (`${createHash('md5').update(content).digest('hex')}.dir` !== hash) return null;
  return DirObject.parse(JSON.parse(content.toString())).map(({ md5, relpath }) => ({ md5, path: relpath }));
}

/** Hashes every object of a tracked folder (or file) anew. DVC itself does not: it trusts what is read-only.
 *  @param hash as `data.dvc` has it; with `.dir` the folder's files are read too
 *  @param path what the folder is called in the answer */
export async function verifyCache({
  root,
  hash,
  path = '',
}: {
  root: string;
  hash: string;
  path?: string;
}): Promise<CacheCheck> {
  const check: CacheCheck = { objects: 0, bytes: 0, corrupt: [], missing: [] };
  const waiting: TrackedFile[] = [{ md5: hash, path }];
  if (hash.endsWith('.dir') && (await inspect(root, waiting.pop()!, check))) {
    const below = path === '' ? '' : `${path}/`;
    const files = (await readDirObject(root, hash)) ?? [];
    waiting.push(...files.map((file) => ({ ...file, path: below + file.path })));
  }
  // Two files of the same content are one object.
  const seen = new Set<string>();
  const work = async () => {
    for (let file = waiting.pop(); file; file = waiting.pop()) {
      if (seen.has(file.md5)) continue;
      seen.add(file.md5);
      await inspect(root, file, check);
    }
  };
  await Promise.all(Array.from({ length: READERS }, work));
  const byPath = (a: TrackedFile, b: TrackedFile) => (a.path < b.path ? -1 : 1);
  check.corrupt.sort(byPath);
  check.missing.sort(byPath);
  return check;
}

const READERS = 4;

/** @throws CorruptError that names what is corrupt and how to mend it; what is missing is no fault of the cache */
export function refuseCorrupt({ corrupt }: CacheCheck): void {
  if (corrupt.length === 0) return;
  const [first] = corrupt;
  const more = corrupt.length === 1 ? '' : ` and ${corrupt.length - 1} more`;
  throw new CorruptError(
    `DVC's cache is corrupt: ${first.path} (${first.md5}) has the content of ${first.found}${more}`,
    {
      hint: `nothing else is lost: delete ${corrupt.map(({ file }) => file).join(' ')} and run \`dvc pull\`, or make the data anew`,
      facts: { corrupt },
    },
  );
}

const Out = z.looseObject({ path: z.string(), md5: z.string() });
const DvcFile = z.looseObject({ outs: z.array(Out).default([]) });
const DvcLock = z.looseObject({ stages: z.record(z.string(), DvcFile).default({}) });

/** What `data.dvc` and `dvc.lock` say is tracked: folders have a hash with `.dir`. */
export async function trackedOutputs(root: string): Promise<TrackedFile[]> {
  const [data, lock] = await Promise.all([
    readYaml(join(root, 'data.dvc'), DvcFile),
    readYaml(join(root, 'dvc.lock'), DvcLock),
  ]);
  const outs = [data, ...Object.values(lock?.stages ?? {})].flatMap((each) => each?.outs ?? []);
  return outs.map(({ path, md5 }) => ({ path, md5 }));
}

/** The files of `data/` that `data.dvc` lists and the work tree lacks: `dvc add data` would take them out of it. Only
 *  looks whether they are there.
 *  @returns null: the list itself is not in the cache; `pull` brings it */
export async function missingData(root: string): Promise<string[] | null> {
  const data = await readYaml(join(root, 'data.dvc'), DvcFile);
  const out = data?.outs[0];
  if (!out) return [];
  const files = await readDirObject(root, out.md5);
  return (
    files?.map(({ path }) => `${out.path}/${path}`).filter((path) => !existsSync(join(root, path))) ?? null
  );
}

/** Where an object lies. */
export async function cacheFile(root: string, md5: string): Promise<string> {
  return join(await cacheFolder(root), 'files', 'md5', md5.slice(0, 2), md5.slice(2));
}

/** `cache.dir` of the repository's settings may put it elsewhere; relative to `.dvc`. */
async function cacheFolder(root: string): Promise<string> {
  const own = join(root, '.dvc');
  for (const name of ['config.local', 'config']) {
    const text = await readFile(join(own, name), 'utf8').catch(() => '');
    const [, dir] = /^\s*\[\s*['"]?cache['"]?\s*\][^[]*?^\s*dir\s*=\s*["']?(.*?)["']?\s*$/m.exec(text) ?? [];
    if (dir) return isAbsolute(dir) ? dir : resolve(own, dir);
  }
  return join(own, 'cache');
}

/** @returns whether the object is whole */
async function inspect(root: string, { md5, path }: TrackedFile, check: CacheCheck): Promise<boolean> {
  const file = await cacheFile(root, md5);
  const size = await stat(file).then(({ size }) => size, absent);
  if (size === null) {
    check.missing.push({ md5, path });
    return false;
  }
  const hash = createHash('md5');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  const found = hash.digest('hex');
  check.objects += 1;
  check.bytes += size;
  if (found === md5.replace(/\.dir$/, '')) return true;
  check.corrupt.push({ md5, path, file, found });
  return false;
}

async function readYaml<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | null> {
  const text = await readFile(path, 'utf8').catch(absent);
  if (text === null) return null;
  try {
    return schema.parse(parse(text));
  } catch (cause) {
    throw new CorruptError(`${path} is not what DVC writes`, { cause, hint: 'restore it from git' });
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}
