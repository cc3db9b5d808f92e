import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { git } from './git.ts';
import {
  changedPaths,
  commitOnto,
  filesAt,
  isAncestor,
  mergeBase,
  resolveCommit,
  textsOf,
} from './git-objects.ts';
import { deleteRemoteBranch, fetchRefs, pushBranch, type Remote, remoteRefs } from './git-remote.ts';
import { treeReader } from './tree-reader.ts';

let folder: string;
let root: string;
let first: string;
let remote: Remote;
const ROBOT = { name: 'robot', email: 'robot@example.org' };
const AT = new Date('2026-07-01T00:00:00Z');

const sha = async (revision: string) => (await resolveCommit(root, revision)) as string;
const made = async (base: string, files: Record<string, string | null>, message = 'a change') =>
  (await commitOnto(root, {
    base,
    files: new Map(Object.entries(files)),
    message,
    author: ROBOT,
    at: AT,
  })) as string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'git-remote-'));
  root = join(folder, 'clone');
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=master', 'host.git']);
  await git(folder, ['init', '--quiet', '--initial-branch=master', 'clone']);
  await git(root, ['config', 'user.name', 'somebody']);
  await git(root, ['config', 'user.email', 'somebody@example.org']);
  await mkdir(join(root, 'reports', 'a'), { recursive: true });
  await writeFile(join(root, 'params.yaml'), 'seed: 1\n\n');
  await writeFile(join(root, 'reports', 'a', 'gate.json'), '{}');
  await writeFile(join(root, 'naïve name.txt'), 'é');
  await symlink('params.yaml', join(root, 'link'));
  await git(root, ['add', '.']);
  await git(root, ['commit', '--quiet', '-m', 'first']);
  first = await sha('HEAD');
  remote = { root, url: join(folder, 'host.git'), token: null };
  await pushBranch(remote, { branch: 'master' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('reads a file of a commit to the last byte, and nothing where there is no regular file', async () => {
  expect(await treeReader(root, first)('params.yaml')).toBe('seed: 1\n\n');
  expect(await treeReader(root, first)('naïve name.txt')).toBe('é');
  for (const path of ['absent', 'reports', 'reports/', 'link', '*.yaml', '../params.yaml/..'])
    expect(await treeReader(root, first)(path).catch(() => 'refused')).toSatisfy(
      (answer) => answer === null || answer === 'refused',
    );
  const params = await filesAt(root, first, 'params.yaml');
  await expect(textsOf(root, params, { maxBytes: 8 })).rejects.toThrow('9 bytes');
  await expect(textsOf(root, [{ ...params[0], oid: 'f'.repeat(40) }])).rejects.toThrow('no object ffff');
  await expect(treeReader(root, 'f'.repeat(40))('params.yaml')).rejects.toThrow('ls-tree failed');
  await expect(treeReader(root, '--output=x')('params.yaml')).rejects.toThrow('names no commit');
  expect((await filesAt(root, first, 'reports')).map(({ path }) => path)).toEqual(['reports/a/gate.json']);
});

test('commits files on top of another commit and leaves the work tree, the index and HEAD alone', async () => {
  await writeFile(join(root, 'params.yaml'), 'seed: being written\n');
  const next = await made(first, {
    'params.yaml': 'seed: 2\n',
    'reports/b/x.json': '1',
    'naïve name.txt': null,
  });
  expect(await changedPaths(root, first, next)).toEqual([
    'naïve name.txt',
    'params.yaml',
    'reports/b/x.json',
  ]);
  expect(await treeReader(root, next)('params.yaml')).toBe('seed: 2\n');
  expect(await treeReader(root, next)('naïve name.txt')).toBeNull();
  expect(await readFile(join(root, 'params.yaml'), 'utf8')).toBe('seed: being written\n');
  expect((await git(root, ['status', '--porcelain'])).stdout).toBe(' M params.yaml');
  expect(await sha('HEAD')).toBe(first);
  expect(await made(first, { 'params.yaml': 'seed: 1\n\n' })).toBeNull();
  // The same files at the same moment are the same commit.
  expect(await made(first, { 'params.yaml': 'seed: 3\n' })).toBe(
    await made(first, { 'params.yaml': 'seed: 3\n' }),
  );
  expect(await isAncestor(root, first, next)).toBe(true);
  expect(await isAncestor(root, next, first)).toBe(false);
  expect(await mergeBase(root, next, await made(first, { z: '' }))).toBe(first);
});

test('a branch moves forward by itself, aside only with a lease that still holds', async () => {
  const one = await made(first, { n: '1' });
  const other = await made(first, { n: '2' });
  await pushBranch(remote, { branch: 'perennial/data', commit: one, lease: null });
  await expect(pushBranch(remote, { branch: 'perennial/data', commit: other })).rejects.toMatchObject({
    failure: 'rejected',
  });
  await expect(
    pushBranch(remote, { branch: 'perennial/data', commit: other, lease: null }),
  ).rejects.toMatchObject({ failure: 'moved' });
  await expect(
    pushBranch(remote, { branch: 'perennial/data', commit: other, lease: first }),
  ).rejects.toMatchObject({ failure: 'moved' });
  await pushBranch(remote, { branch: 'perennial/data', commit: other, lease: one });
  // Once more, as after an answer that was lost.
  await pushBranch(remote, { branch: 'perennial/data', commit: other, lease: one });
  const refs = await remoteRefs(remote, ['refs/heads/perennial/*']);
  expect([...refs]).toEqual([['refs/heads/perennial/data', other]]);
  await deleteRemoteBranch(remote, 'perennial/data', { lease: other });
  await deleteRemoteBranch(remote, 'perennial/data');
  expect((await remoteRefs(remote, ['refs/heads/perennial/*'])).size).toBe(0);
});

test('fetches refs and shas into a clone that has nothing', async () => {
  const empty = join(folder, 'empty');
  await git(folder, ['init', '--quiet', 'empty']);
  await git(join(folder, 'host.git'), ['update-ref', 'refs/pull/5/head', first]);
  const there = { ...remote, root: empty };
  await fetchRefs(there, ['refs/pull/5/head:refs/perennial/5'], { depth: 1 });
  expect(await resolveCommit(empty, 'refs/perennial/5')).toBe(first);
  expect(await treeReader(empty, first)('params.yaml')).toBe('seed: 1\n\n');
  await expect(fetchRefs(there, ['refs/pull/6/head'])).rejects.toMatchObject({ failure: 'not-found' });
  await expect(fetchRefs({ ...there, url: join(folder, 'no.git') }, ['x'])).rejects.toMatchObject({
    failure: 'not-found',
  });
});
