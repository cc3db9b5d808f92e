import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorruptError, UsageError } from '../contracts/errors.ts';
import { missingData, readDirObject, refuseCorrupt, trackedOutputs, verifyCache } from './dvc-cache.ts';
import { LostObjectsError } from './dvc-error.ts';
import { readTransfer } from './dvc-output.ts';
import { configText, withRemote } from './dvc-remote-config.ts';
import { explainTransfer, remoteFailure } from './dvc-remote-failure.ts';
import { readRemotes } from './dvc-remote-settings.ts';
import { homeOf, httpHome, keyOf } from './dvc-remotes.testing.ts';
import { remoteSecrets } from './home-secrets.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'perennial-cache-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function object(md5Name: string, text: string): string {
  const file = join(root, '.dvc', 'cache', keyOf(md5Name));
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A tracked `data/` of three files, two of the same content. */
function tracked() {
  const files = { 'm/a': 'one', 'm/b': 'two', 'n/a': 'one' };
  const list = JSON.stringify(Object.entries(files).map(([relpath, text]) => ({ md5: md5(text), relpath })));
  const hash = `${md5(list)}.dir`;
  object(hash, list);
  for (const text of Object.values(files)) object(md5(text), text);
  writeFileSync(join(root, 'data.dvc'), `outs:\n- md5: ${hash}\n  path: data\n`);
  return { hash, list, files };
}

describe('the local cache', () => {
  it('reads the list of a tracked folder, and null where it is not there', async () => {
    const { hash } = tracked();
    expect(await readDirObject(root, hash)).toContainEqual({ path: 'm/b', md5: md5('two') });
    expect(await readDirObject(root, `${md5('other')}.dir`)).toBeNull();
    expect(await trackedOutputs(root)).toEqual([{ path: 'data', md5: hash }]);
  });

  it('names the object that has one bit changed, and how to mend it', async () => {
    const { hash, list } = tracked();
    const whole = await verifyCache({ root, hash, path: 'data' });
    expect(whole).toEqual({ objects: 3, bytes: 6 + Buffer.byteLength(list), corrupt: [], missing: [] });
    expect(() => refuseCorrupt(whole)).not.toThrow();

    const file = object(md5('two'), 'tvo');
    const check = await verifyCache({ root, hash, path: 'data' });
    expect(check.corrupt).toEqual([{ path: 'data/m/b', md5: md5('two'), file, found: md5('tvo') }]);
    expect(() => refuseCorrupt(check)).toThrow(CorruptError);
    expect(() => refuseCorrupt(check)).toThrow(`data/m/b (${md5('two')})`);
    rmSync(file);
    expect((await verifyCache({ root, hash, path: 'data' })).missing).toEqual([
      { path: 'data/m/b', md5: md5('two') },
    ]);
  });

  it('names the list itself where that is corrupt', async () => {
    const { hash, list } = tracked();
    const file = object(hash, list.replace('m/a', 'm/c'));
    expect((await verifyCache({ root, hash, path: 'data' })).corrupt).toMatchObject([{ path: 'data', file }]);
    await expect(readDirObject(root, hash)).rejects.toThrow(CorruptError);
  });

  it('finds the cache where the settings put it', async () => {
    const { hash } = tracked();
    writeFileSync(
      join(root, '.dvc', 'config'),
      "[core]\n    remote = x\n['cache']\n    dir = ../elsewhere\n",
    );
    expect(await readDirObject(root, hash)).toBeNull();
    mkdirSync(join(root, 'elsewhere', 'files', 'md5', hash.slice(0, 2)), { recursive: true });
    writeFileSync(join(root, 'elsewhere', keyOf(hash)), readFileSync(join(root, '.dvc/cache', keyOf(hash))));
    expect(await readDirObject(root, hash)).toHaveLength(3);
  });

  it('tells which files of data/ are not in the work tree', async () => {
    expect(await missingData(root)).toEqual([]);
    const { hash } = tracked();
    mkdirSync(join(root, 'data', 'm'), { recursive: true });
    for (const name of ['a', 'b', 'not-yet-added']) writeFileSync(join(root, 'data/m', name), '');
    expect(await missingData(root)).toEqual(['data/n/a']);
    rmSync(join(root, '.dvc/cache', keyOf(hash)));
    expect(await missingData(root)).toBeNull();
  });
});

describe("a remote's settings for DVC", () => {
  it('stand in a file for this user alone, and are gone afterwards, also after a failure', async () => {
    const home = httpHome('http://127.0.0.1:1/x', 'top-secret');
    let file = '';
    const work = withRemote(home, async ({ name, env, folder }) => {
      file = join(folder, 'config');
      expect(name).toBe('perennial-home-perennial');
      expect(env).toEqual({ DVC_SYSTEM_CONFIG_DIR: folder });
      expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
      expect(readFileSync(file, 'utf8')).toContain('password = "top-secret"');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(existsSync(join(file, '..'))).toBe(false);
  });

  it('of killed processes are swept, those of living ones and of other machines are not', async () => {
    const dead = join(tmpdir(), `perennial-dvc-${hostname()}-${2 ** 22 + 1}-x`);
    const others = join(tmpdir(), `perennial-dvc-elsewhere-${2 ** 22 + 1}-${process.pid}`);
    for (const folder of [dead, others]) mkdirSync(folder, { recursive: true });
    try {
      await withRemote(httpHome('http://127.0.0.1:1/x', 'x'), async ({ folder }) => {
        await withRemote(httpHome('http://127.0.0.1:1/x', 'x'), async () => {});
        expect(existsSync(folder)).toBe(true);
      });
      expect([existsSync(dead), existsSync(others)]).toEqual([false, true]);
    } finally {
      for (const folder of [dead, others]) rmSync(folder, { recursive: true, force: true });
    }
  });

  it('keep every sign of a password, or say that they cannot', () => {
    const line = (password: string) =>
      /password = (.*)/.exec(configText(httpHome('http://x', password)))?.[1];
    expect(line('a;b#c, d')).toBe('"a;b#c, d"');
    expect(line('a"b')).toBe(`'a"b'`);
    expect(line(`a"b'c`)).toBe(`"""a"b'c"""`);
    for (const impossible of ['a\nb', '%(x)s']) expect(() => line(impossible)).toThrow(UsageError);
  });

  it('ask for objects to be hashed when they come, unless the team says otherwise', () => {
    expect(configText(homeOf('folder', { url: '/x' }))).toContain('verify = "true"');
    expect(configText(homeOf('folder', { url: '/x', verify: 'false' }))).toContain('verify = "false"');
  });

  it('name all forms in which a secret travels', () => {
    const basic = Buffer.from('ada:top-secret').toString('base64');
    expect(remoteSecrets(httpHome('http://x', 'top-secret'))).toEqual([basic, 'top-secret']);
    const azure = homeOf(
      'azure',
      { url: 'azure://c', connection_string: 'AccountName=a;AccountKey=abcd==;' },
      ['connection_string'],
    );
    expect(remoteSecrets(azure)).toContain('abcd==');
  });
});

it("reads how much was moved from DVC's last line", () => {
  const nothing = { pushed: 0, fetched: 0, added: 0, modified: 0, deleted: 0 };
  expect(readTransfer('Everything is up to date.\n')).toEqual(nothing);
  expect(readTransfer('7 files pushed\n')).toEqual({ ...nothing, pushed: 7 });
  const all = 'A       data/\n12 files fetched, 2 files modified, 6 files added and 1 file deleted\n';
  expect(readTransfer(all)).toEqual({ pushed: 0, fetched: 12, added: 6, modified: 2, deleted: 1 });
});

it.each([
  ["ERROR: failed to transfer 'x' - 401, message='Unauthorized', url='…'", 'unauthorized'],
  ["ERROR: failed to transfer 'x' - 403, message='Forbidden', url='…'", 'forbidden'],
  ["ERROR: failed to transfer 'x' - 507, message='Insufficient Storage', url='…'", 'remote-full'],
  ["ERROR: failed to transfer 'x' - 503, message='Service Unavailable', url='…'", 'unreachable'],
  [
    'ERROR: unexpected error - The request signature we calculated does not match the signature you provided.',
    'unauthorized',
  ],
  [
    'ERROR: unexpected error - An error occurred (ExpiredToken) when calling the ListObjectsV2 operation: The provided token has expired.',
    'unauthorized',
  ],
  ['ERROR: unexpected error - Unable to locate credentials', 'unauthorized'],
  [
    'ERROR: unexpected error - An error occurred (AccessDenied) when calling the PutObject operation: Access Denied',
    'forbidden',
  ],
  [
    'ERROR: unexpected error - The specified bucket does not exist: An error occurred (NoSuchBucket)',
    'no-bucket',
  ],
  [
    'ERROR: unexpected error - The specified container does not exist. ErrorCode:ContainerNotFound',
    'no-bucket',
  ],
  [
    'ERROR: unexpected error - Cannot connect to host 127.0.0.1:1 ssl:default [Connect call failed]',
    'unreachable',
  ],
  ["ERROR: failed to transfer 'x' - [Errno 28] No space left on device: '/x'", 'disk-full'],
  ["ERROR: failed to transfer 'x' - http://host/files/md5/ab/cd", null],
  [
    "ERROR: failed to pull data from the cloud - Can't remove the following unsaved files without confirmation.",
    null,
  ],
])('reads %s', (words, failure) => {
  expect(remoteFailure(words)).toBe(failure);
  expect(explainTransfer(homeOf('s3', { url: 's3://b' }), words)?.failure ?? null).toBe(failure);
});

it('calls the disk of a folder the remote that is full, when it is pushed to', () => {
  const words =
    "ERROR: failed to transfer 'x' - [Errno 28] No space left on device\nERROR: failed to push data to the cloud - 2 files failed to upload";
  expect(explainTransfer(homeOf('folder', { url: '/x' }), words)).toMatchObject({ failure: 'remote-full' });
});

it('names five of many lost objects, and how many more there are', () => {
  const objects = Array.from({ length: 7 }, (_, i) => ({
    md5: md5(`${i}`),
    path: `data/${i}`,
    how: 'lost' as const,
  }));
  expect(new LostObjectsError(objects, 's3://b').message).toMatch(
    /^s3:\/\/b has lost objects: data\/0 \(.*data\/4 \(\w+\) and 2 more$/,
  );
});

it("reads the repository's remotes without their secrets", () => {
  const text =
    'core.remote=my.own\nremote.my.own.url=https://x/y.dvc\nremote.my.own.auth=basic\nremote.my.own.password=top\nremote.b.url=/srv\n';
  expect(readRemotes(text)).toEqual([
    { name: 'my.own', url: 'https://x/y.dvc', isDefault: true, options: { auth: 'basic' } },
    { name: 'b', url: '/srv', isDefault: false, options: {} },
  ]);
});
