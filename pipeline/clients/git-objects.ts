import { join } from 'node:path';
import { execa } from 'execa';
import { PerennialError } from '../contracts/errors.ts';
import { environment } from './dvc.ts';
import { git } from './git.ts';
import { withScratch } from './scratch.ts';

const LIMIT_MS = 60_000;
const MAX_BYTES = 20_000_000;

/** A file's text as one commit has it, to the last byte.
 *  @returns null where that commit has no such file; a folder or a symbolic link is none
 *  @throws PerennialError if the commit is not here, or the file is larger than `maxBytes` */
export async function readAt(
  root: string,
  sha: string,
  path: string,
  limits: { maxBytes?: number } = {},
): Promise<string | null> {
  const bytes = await readBytesAt(root, sha, path, limits);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** As `readAt`, for any file. */
export async function readBytesAt(
  root: string,
  sha: string,
  path: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Promise<Uint8Array | null> {
  const entry = (await entries(root, sha, [path])).find((one) => one.path === path);
  if (!entry) return null;
  if (entry.bytes > maxBytes) {
    throw new PerennialError(
      `${path} has ${entry.bytes} bytes in ${sha.slice(0, 12)}; at most ${maxBytes} are read`,
      { hint: 'files that belong into git are small; larger ones are for DVC' },
    );
  }
  return capture(root, ['cat-file', 'blob', entry.oid], { maxBytes: maxBytes + 1 });
}

export interface FileAt {
  path: string;
  /** Of the blob. */
  oid: string;
  bytes: number;
}

/** Regular files of one commit, of a folder and all below it. @throws PerennialError if the commit is not here */
export function filesAt(root: string, sha: string, folder?: string): Promise<FileAt[]> {
  return entries(root, sha, folder === undefined ? [] : [folder], ['-r']);
}

/** Paths that differ between two commits, in order; of a renamed file both names. */
export async function changedPaths(root: string, from: string, to: string): Promise<string[]> {
  const asked = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', commit(from), commit(to), '--'];
  return nulSeparated(await capture(root, asked));
}

/** The newest commit that both come from; null where there is none (or a shallow clone ends before it). */
export async function mergeBase(root: string, one: string, other: string): Promise<string | null> {
  const asked = ['merge-base', commit(one), commit(other)];
  const { stdout } = await git(root, asked, { accept: [1] });
  return stdout.trim() || null;
}

export async function isAncestor(root: string, ancestor: string, descendant: string): Promise<boolean> {
  const asked = ['merge-base', '--is-ancestor', commit(ancestor), commit(descendant)];
  return (await git(root, asked, { accept: [1] })).exitCode === 0;
}

/** @returns 40 hexadecimal digits; null where that commit is not here */
export async function resolveCommit(root: string, revision: string): Promise<string | null> {
  const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { exitCode, stdout } = await git(root, asked, { accept: [1, 128] });
  return exitCode === 0 ? stdout.trim() : null;
}

export interface NewCommit {
  base: string;
  /** Content by path, whole; null takes the file away. */
  files: ReadonlyMap<string, string | Uint8Array | null>;
  message: string;
  author: { name: string; email: string };
  at: Date;
  /** Where it is more than the base: a merge. */
  parents?: string[];
}

/** A commit of given files on top of another, made in an index of its own: what is checked out stays as it is.
 *  @returns its sha, on no branch yet; null where no file differs from the base */
export async function commitOnto(root: string, made: NewCommit): Promise<string | null> {
  const tree = await withScratch((folder) => treeWith(root, made, join(folder, 'index')));
  const parents = made.parents ?? [made.base];
  const before = await text(root, ['rev-parse', `${commit(made.base)}^{tree}`]);
  if (tree === before && parents.length === 1) return null;
  const { name, email } = made.author;
  const at = made.at.toISOString();
  return text(
    root,
    ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', commit(parent)]), '-F', '-'],
    {
      input: made.message,
      env: {
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_AUTHOR_DATE: at,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
        GIT_COMMITTER_DATE: at,
      },
    },
  );
}

async function treeWith(root: string, { base, files }: NewCommit, index: string): Promise<string> {
  const env = { GIT_INDEX_FILE: index };
  await capture(root, ['read-tree', commit(base)], { env });
  const lines: string[] = [];
  for (const [path, content] of files) {
    if (content === null) {
      lines.push(`0 ${'0'.repeat(40)}\t${path}\0`);
      continue;
    }
    const oid = await text(root, ['hash-object', '-w', '--stdin'], { input: content });
    lines.push(`100644 ${oid}\t${path}\0`);
  }
  await capture(root, ['update-index', '-z', '--index-info'], { env, input: lines.join('') });
  return text(root, ['write-tree'], { env });
}

/** Something that begins with a dash would be read as an option. */
function commit(revision: string): string {
  if (/^[\w@][\w@./^~{}-]*$/.test(revision)) return revision;
  throw new PerennialError(`${JSON.stringify(revision)} names no commit`);
}

async function entries(
  root: string,
  sha: string,
  paths: string[],
  options: string[] = [],
): Promise<FileAt[]> {
  const asked = ['ls-tree', '-z', '-l', '--full-tree', ...options, commit(sha), '--', ...paths];
  return nulSeparated(await capture(root, asked)).flatMap((line) => {
    const [, mode, oid, bytes, path] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
    return path !== undefined && /^100(644|755)$/.test(mode ?? '')
      ? [{ path, oid: oid as string, bytes: Number(bytes) }]
      : [];
  });
}

function nulSeparated(output: Uint8Array): string[] {
  return new TextDecoder()
    .decode(output)
    .split('\0')
    .filter((part) => part !== '');
}

async function text(root: string, args: string[], options: CaptureOptions = {}): Promise<string> {
  return new TextDecoder().decode(await capture(root, args, options)).trim();
}

interface CaptureOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  maxBytes?: number;
}

/** What git writes, byte for byte. @throws PerennialError with what git said */
async function capture(
  root: string,
  args: string[],
  { input, env, maxBytes = MAX_BYTES }: CaptureOptions = {},
): Promise<Uint8Array> {
  const result = await execa('git', args, {
    cwd: root,
    env: { ...environment(), GIT_LITERAL_PATHSPECS: '1', ...env },
    extendEnv: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    input: input ?? '',
    maxBuffer: maxBytes,
    timeout: LIMIT_MS,
    reject: false,
  });
  if (result.exitCode === 0) return result.stdout;
  const said = new TextDecoder().decode(result.stderr).trim() || result.shortMessage;
  throw new PerennialError(`git ${args[0]} failed in ${root}: ${said}`);
}
