import { join } from 'node:path';
import { execa } from 'execa';
import { CorruptError, PerennialError } from '../contracts/errors.ts';
import { environment } from './dvc.ts';
import { git } from './git.ts';
import { withScratch } from './scratch.ts';

const LIMIT_MS = 60_000;
const MAX_BYTES = 20_000_000;
/** Of all files that are read at once: a commit may come from anybody. */
const MAX_BYTES_AT_ONCE = 500_000_000;

export interface FileAt {
  path: string;
  /** Of the blob. */
  oid: string;
  bytes: number;
}

/** Regular files of one commit, of a folder and all below it. @throws PerennialError if the commit is not here */
export async function filesAt(root: string, sha: string, folder?: string): Promise<FileAt[]> {
  const below = folder === undefined ? [] : [folder];
  const asked = ['ls-tree', '-z', '-l', '--full-tree', '-r', commit(sha), '--', ...below];
  return nulSeparated(await capture(root, asked)).flatMap((line) => {
    const [, mode, oid, bytes, path] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
    return path !== undefined && /^100(644|755)$/.test(mode ?? '')
      ? [{ path, oid: oid as string, bytes: Number(bytes) }]
      : [];
  });
}

/** Texts of listed files to the last byte, by their blob: one process for all of them.
 *  @throws PerennialError if one is larger than `maxBytes`; CorruptError if one is not here */
export async function textsOf(
  root: string,
  files: FileAt[],
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Promise<Map<string, string>> {
  const tooLarge = files.find(({ bytes }) => bytes > maxBytes);
  if (tooLarge)
    throw new PerennialError(`${tooLarge.path} has ${tooLarge.bytes} bytes; at most ${maxBytes} are read`, {
      hint: 'files that belong into git are small; larger ones are for DVC',
    });
  const texts = new Map<string, string>();
  const oids = new Set(files.map(({ oid }) => oid));
  if (oids.size === 0) return texts;
  const answer = await capture(root, ['cat-file', '--batch'], {
    input: [...oids].map((oid) => `${oid}\n`).join(''),
    maxBytes: MAX_BYTES_AT_ONCE,
  });
  for (let at = 0; at < answer.length; ) {
    const end = answer.indexOf(0x0a, at);
    const [oid, type, length] = Buffer.from(answer.subarray(at, end)).toString('latin1').split(' ');
    // A blob that is not here (a partial clone) answers with `missing` and nothing more.
    if (type !== 'blob')
      throw new CorruptError(`git has no object ${oid}`, { hint: 'fetch the whole commit' });
    at = end + 1 + Number(length);
    texts.set(oid, Buffer.from(answer.subarray(end + 1, at)).toString('utf8'));
    at += 1;
  }
  return texts;
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
