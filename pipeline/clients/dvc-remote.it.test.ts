import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dvcAt } from './dvc.ts';
import { DvcError, LostObjectsError } from './dvc-error.ts';
import { checkRemote } from './dvc-remote-check.ts';
import { keyOf, REMOTES, type RemoteInTest } from './dvc-remotes.testing.ts';

const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex');
const FILES = {
  'data/infections/a': 'one',
  'data/infections/b': 'two',
  'data/admissions/a': 'three',
  'data/admissions/b': 'four',
};

async function refusal(work: Promise<unknown>): Promise<DvcError> {
  const error = await work.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(DvcError);
  return error;
}

describe.each(Object.entries(REMOTES))('a remote: %s', (_, open) => {
  let remote: RemoteInTest;
  let scratch: string;
  const at = (name: string) => join(scratch, name);

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'perennial-dvc-remote-'));
    // Two clones on one machine share notes there; on two machines they do not.
    remote = await open();
    const origin = at('origin');
    mkdirSync(origin);
    execFileSync('git', ['init', '-q', origin]);
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(origin, path)), { recursive: true });
      writeFileSync(join(origin, path), text);
    }
    await dvc('origin').init();
    await dvc('origin').add('data');
  });

  afterAll(async () => {
    await remote?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** A clone with nothing in its cache, as on another machine. */
  function clone(name: string): string {
    mkdirSync(join(at(name), '.dvc'), { recursive: true });
    execFileSync('git', ['init', '-q', at(name)]);
    for (const file of ['data.dvc', '.dvc/config', '.dvcignore']) {
      writeFileSync(join(at(name), file), readFileSync(join(at('origin'), file)));
    }
    return at(name);
  }

  const dvc = (name: string, env: Record<string, string> = {}) =>
    dvcAt({ root: at(name), remote: remote.home, env: { DVC_SITE_CACHE_DIR: at(`${name}-notes`), ...env } });

  it('takes a push, once, and gives it to a clone elsewhere', async () => {
    expect(await dvc('origin').remoteStatus()).toMatchObject({ 'data/infections/a': 'new' });
    expect(await dvc('origin').push()).toEqual({ pushed: 5 });
    expect((await remote.keys()).filter((key) => /^files\/md5\/..\/.{30}/.test(key))).toHaveLength(5);
    expect(await dvc('origin').push()).toEqual({ pushed: 0 });
    expect(await dvc('origin').remoteStatus()).toEqual({});

    clone('elsewhere');
    expect(await dvc('elsewhere').pull()).toEqual({ fetched: 5, added: 4, modified: 0, deleted: 0 });
    for (const [path, text] of Object.entries(FILES)) {
      expect(readFileSync(join(at('elsewhere'), path), 'utf8')).toBe(text);
    }
    const settings = readFileSync(join(at('elsewhere'), '.dvc/config'), 'utf8');
    expect(settings).toBe(readFileSync(join(at('origin'), '.dvc/config'), 'utf8'));
    expect(readdirSync(join(at('elsewhere'), '.dvc'))).not.toContain('config.local');
  });

  it('says what the remote lost or has with another bit, keeps the rest, and goes on when it is back', async () => {
    clone('unlucky');
    const lost = keyOf(md5('two'));
    const kept = await remote.read(lost);
    await remote.remove(lost);
    const error = (await refusal(dvc('unlucky').pull())) as LostObjectsError;
    expect(error).toBeInstanceOf(LostObjectsError);
    expect(error.objects).toEqual([{ path: 'data/infections/b', md5: md5('two'), how: 'lost' }]);

    await remote.write(lost, Buffer.from('twO'));
    const corrupt = (await refusal(dvc('unlucky').pull())) as LostObjectsError;
    expect(corrupt).toBeInstanceOf(LostObjectsError);
    expect(corrupt.objects).toEqual([{ path: 'data/infections/b', md5: md5('two'), how: 'corrupt' }]);
    expect(existsSync(join(at('unlucky'), 'data/infections/b'))).toBe(false);

    await remote.write(lost, kept);
    expect(await dvc('unlucky').pull()).toEqual({ fetched: 1, added: 4, modified: 0, deleted: 0 });
  });

  it('says before work starts that it will not let us in, and shows no secret', async () => {
    await checkRemote(remote.home);
    if (!remote.refused) return;
    const { home, failure } = remote.refused;
    const error = await refusal(checkRemote(home));
    expect(error).toMatchObject({ failure });
    expect(error.hint).toBeTruthy();
  });
});
