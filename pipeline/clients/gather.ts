import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { UsageError } from '../contracts/errors.ts';
import type { SourceParams } from '../contracts/params.ts';
import type { Snapshot, SourceState } from '../contracts/snapshot.ts';
import { type Courier, type Downloaded, download, type Wanted } from './download.ts';
import { type FileNames, nameOfUrl, safeName } from './file-names.ts';
import { downloadPages } from './json-api.ts';
import { copyHashed, expand, isRemote } from './local-files.ts';
import { formatOf } from './open-snapshot.ts';
import { recordedUrl, redactUrl } from './redact.ts';
import { inspect } from './unpack.ts';

export type SnapshotFile = Snapshot['files'][number];
export type Validators = SourceState['urls'][string];

/** What one address gave. */
export interface Gathered {
  files: SnapshotFile[];
  /** For the next conditional request; `sha256` is of what was said: of a JSON API its records, else the bytes. */
  validators: Validators;
  /** When the portal itself says that it changed the data last. */
  modified?: Date;
}

export interface GatherOptions {
  courier: Courier;
  source: SourceParams;
  /** Empty folder that receives the raw bytes. */
  folder: string;
  /** What relative paths start from. */
  base: string;
  env: Record<string, string | undefined>;
  names: FileNames;
}

/** Everything behind one address, as raw bytes in `folder`, each file known to be data.
 *  @param previous makes the request conditional
 *  @returns null if the server answers that nothing changed */
export async function gather(
  url: string,
  previous: Validators | undefined,
  options: GatherOptions,
): Promise<Gathered | null> {
  if (!isRemote(url)) return gatherLocal(url, options);
  const { source, courier } = options;
  const key = keyFor(source, options.env);
  const wanted = {
    url,
    ...key,
    etag: previous?.etag,
    lastModified: previous?.last_modified,
  };
  return source.json ? gatherApi(wanted, source.json, options) : gatherFile(wanted, courier, options);
}

type Request = Omit<Wanted, 'path'>;

async function gatherFile(
  wanted: Request,
  courier: Courier,
  options: GatherOptions,
): Promise<Gathered | null> {
  const shown = redactUrl(wanted.url, courier.secrets);
  const name = options.names.give(wanted.url, nameOfUrl(wanted.url));
  const path = join(options.folder, name);
  const got = await download({ ...wanted, path }, courier);
  if (got === null) return null;
  const content = await inspect({ path, name }, unpackOptions(shown, options));
  const file = {
    ...entry(got),
    name,
    url: recordedUrl(wanted.url),
    format: formatOf(content, options.source, shown),
  };
  return { files: [file], validators: validatorsOf(got), modified: modifiedOf(got) };
}

async function gatherApi(
  wanted: Request,
  json: NonNullable<SourceParams['json']>,
  options: GatherOptions,
): Promise<Gathered | null> {
  // With pages, the first page's ETag says nothing of the others.
  const single = json.page === undefined && json.next === undefined;
  const asked = single ? wanted : { ...wanted, etag: undefined, lastModified: undefined };
  const said = createHash('sha256');
  const target = { folder: options.folder, name: options.names.give(wanted.url, nameOfUrl(wanted.url)) };
  const pages = await downloadPages(asked, json, target, options.courier, (records) => {
    for (const record of records) said.update(`${JSON.stringify(record)}\n`);
  });
  if (pages === null) return null;
  const files = pages.map((page) => ({
    ...entry(page),
    name: page.name,
    url: recordedUrl(page.url),
    format: 'json' as const,
  }));
  const sha256 = said.digest('hex');
  const validators = single ? { ...validatorsOf(pages[0]), sha256 } : { sha256 };
  return { files, validators, modified: modifiedOf(pages[0]) };
}

async function gatherLocal(path: string, options: GatherOptions): Promise<Gathered> {
  const files: SnapshotFile[] = [];
  const said = createHash('sha256');
  let modified: Date | undefined;
  let left = options.source.max_bytes;
  for (const from of await expand(path, options.base)) {
    const name = options.names.give(`${path} ${from}`, safeName(basename(from)));
    const to = join(options.folder, name);
    const copied = await copyHashed(from, to, { maxBytes: left, signal: options.courier.signal });
    const content = await inspect({ path: to, name }, unpackOptions(basename(from), options));
    const { bytes, sha256 } = copied;
    files.push({
      name,
      url: basename(from),
      bytes,
      sha256,
      format: formatOf(content, options.source, basename(from)),
      headers: {},
    });
    said.update(sha256);
    left -= bytes;
    if (modified === undefined || copied.modified > modified) modified = copied.modified;
  }
  return {
    files,
    validators: { sha256: files.length === 1 ? files[0].sha256 : said.digest('hex') },
    modified,
  };
}

/** Where the key goes; it is sent, never kept.
 *  @throws UsageError naming the variable that is not set */
function keyFor(
  source: SourceParams,
  env: Record<string, string | undefined>,
): Pick<Wanted, 'headers' | 'query'> {
  if (!source.key) return {};
  const { env: variable, header, query, optional } = source.key;
  const value = env[variable];
  if (value === undefined || value === '') {
    if (optional) return {};
    throw new UsageError(`the source needs a key, and the environment variable ${variable} is not set`, {
      hint: `set ${variable} to the key the portal gave you (in a workflow: a secret of that name)`,
    });
  }
  if (query !== undefined) return { query: { name: query, value } };
  return { headers: header === undefined ? { authorization: `Bearer ${value}` } : { [header]: value } };
}

function unpackOptions(shown: string, options: GatherOptions) {
  const scratch = join(options.folder, '.inspect');
  return { shown, maxBytes: options.source.max_bytes, scratch, signal: options.courier.signal };
}

function entry(got: Downloaded): Pick<SnapshotFile, 'bytes' | 'sha256' | 'status' | 'headers'> {
  return { bytes: got.bytes, sha256: got.sha256, status: got.status, headers: got.headers };
}

function validatorsOf(got: Downloaded): Validators {
  return {
    ...(got.headers.etag ? { etag: got.headers.etag } : {}),
    ...(got.headers['last-modified'] ? { last_modified: got.headers['last-modified'] } : {}),
    sha256: got.sha256,
  };
}

function modifiedOf(got: Downloaded): Date | undefined {
  const moment = Date.parse(got.headers['last-modified'] ?? '');
  return Number.isNaN(moment) ? undefined : new Date(moment);
}
