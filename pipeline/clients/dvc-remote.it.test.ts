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
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultProxy } from '../../test/servers/fault-proxy.ts';
import { type DvcOptions, dvcAt } from './dvc.ts';
import { DvcError, LostObjectsError } from './dvc-error.ts';
import { checkRemote, probeRemote } from './dvc-remote-check.ts';
import { keyOf, REMOTES, type RemoteInTest } from './dvc-remotes.testing.ts';

const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex');
const FILES = {
  'data/admissions/a': 'three',
  'data/admissions/b': 'four',
  'data/infections/a': 'one',
  'data/infections/b': 'two',
};
const OWN = [md5('one'), md5('two')];
const OTHERS = [md5('three'), md5('four')];
const HELD = md5('two');
/** Some ten commands of DVC, each of which loads for seconds on a busy machine. */
const LIMIT_MS = 300_000;

async function refusal(work: Promise<unknown>): Promise<DvcError> {
  const error = await work.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(DvcError);
  return error;
}

describe.each(Object.entries(REMOTES))('a remote: %s', { timeout: LIMIT_MS }, (_, open) => {
  let remote: RemoteInTest;
  let scratch: string;
  const at = (name: string) => join(scratch, name);
  const lines: string[] = [];

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'perennial-dvc-remote-'));
    remote = await open();
    const origin = at('origin');
    execFileSync('git', ['init', '-q', origin]);
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(origin, path)), { recursive: true });
      writeFileSync(join(origin, path), text);
    }
    await dvc('origin').init();
    await dvc('origin').add('data');
  }, LIMIT_MS);

  afterAll(async () => {
    await remote?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** A clone with nothing in its cache; its notes are its own, as on another machine. */
  function clone(name: string): void {
    execFileSync('git', ['init', '-q', at(name)]);
    mkdirSync(join(at(name), '.dvc'));
    for (const file of ['data.dvc', '.dvc/config', '.dvcignore']) {
      writeFileSync(join(at(name), file), readFileSync(join(at('origin'), file)));
    }
  }

  const dvc = (name: string, own: Partial<DvcOptions> = {}) =>
    dvcAt({
      root: at(name),
      remote: remote.home,
      env: { DVC_SITE_CACHE_DIR: at(`${name}-notes`) },
      onLine: (line) => lines.push(line),
      ...own,
    });

  const cached = (name: string) =>
    OWN.concat(OTHERS).filter((each) => existsSync(join(at(name), '.dvc/cache', keyOf(each))));

  it('goes on with a push that was killed, sending the rest only', async () => {
    const before = remote.proxy ? await killedPush(remote.proxy) : new Set<string>();
    const { pushed } = await dvc('origin').push();
    if (remote.proxy) {
      const after = sent();
      expect(after).toContain(HELD);
      expect(after.at(-1)).toMatch(/\.dir$/);
      expect(after.filter((object) => before.has(object))).toEqual([]);
    }
    // An object may have come whole while its answer was on the way.
    expect(pushed).toBeLessThanOrEqual(5 - before.size);
    expect(pushed).toBeGreaterThanOrEqual(remote.proxy ? 2 : 5);
    expect(readFileSync(join(at('origin'), '.dvc/config'), 'utf8')).not.toMatch(/remote/);
    expect(readdirSync(join(at('origin'), '.dvc'))).not.toContain('config.local');
  });

  it('names what the remote lost or has with another bit, keeps the rest; of one model it fetches only its own', async () => {
    clone('elsewhere');
    if (remote.proxy) remote.proxy.requests.length = 0;
    const infections = () => dvc('elsewhere').pull({ targets: ['data/infections'] });
    await remote.remove(keyOf(HELD));
    const lost = await refusal(infections());
    expect(lost).toBeInstanceOf(LostObjectsError);
    expect(lost).toMatchObject({ objects: [{ path: 'data/infections/b', md5: HELD, how: 'lost' }] });
    expect(lost.message).toContain(`data/infections/b (${HELD})`);
    expect(cached('elsewhere')).toEqual([md5('one')]);

    await remote.write(keyOf(HELD), 'twO');
    const corrupt = await refusal(infections());
    expect(corrupt).toMatchObject({ objects: [{ path: 'data/infections/b', md5: HELD, how: 'corrupt' }] });
    expect(existsSync(join(at('elsewhere'), 'data/infections/b'))).toBe(false);

    await remote.write(keyOf(HELD), 'two');
    expect(await infections()).toEqual({ fetched: 1, added: 2, modified: 0, deleted: 0 });
    expect(readdirSync(join(at('elsewhere'), 'data'))).toEqual(['infections']);
    expect(cached('elsewhere')).toEqual(OWN);
    expect(asked()).toEqual(remote.proxy ? OWN : []);

    expect(await dvc('elsewhere').pull()).toMatchObject({ fetched: 2, added: 2 });
    for (const [path, text] of Object.entries(FILES)) {
      expect(readFileSync(join(at('elsewhere'), path), 'utf8')).toBe(text);
    }
  });

  it('says before work starts that it will not be let in, and in a push too', async () => {
    await checkRemote(remote.home);
    const { home, failure } = remote.refused;
    expect(await refusal(checkRemote(home))).toMatchObject({ failure, hint: expect.any(String) });
    if (remote.nowhere)
      expect(await refusal(checkRemote(remote.nowhere))).toMatchObject({ failure: 'no-bucket' });
    if (failure !== 'unauthorized') return;
    expect(await refusal(dvc('origin').push({ remote: home }))).toMatchObject({ failure });
  });

  it('writes, reads back and deletes for the doctor', async () => {
    const steps = await probeRemote(remote.home);
    expect(steps.map(({ step, ok }) => [step, ok])).toEqual([
      ['write', true],
      ['read back', true],
      ['delete', true],
    ]);
    const [first] = await probeRemote(remote.refused.home);
    expect(first).toMatchObject({ step: 'write', ok: false, error: { failure: remote.refused.failure } });
  });

  it('has shown no secret, and left none behind', () => {
    expect(lines.length).toBeGreaterThan(0);
    if (remote.secret) expect(lines.join('\n')).not.toContain(remote.secret);
    const ours = readdirSync(tmpdir()).filter((name) => name.startsWith('perennial-dvc-'));
    expect(ours.filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
  });

  /** Objects of ours that were asked for. */
  function asked(): string[] {
    const paths = (remote.proxy?.requests ?? []).map(({ path }) => path).join('\n');
    return OWN.concat(OTHERS).filter((each) => paths.includes(each.slice(2)));
  }

  /** Objects that the server has taken since its requests were last forgotten. */
  function sent(): string[] {
    const taken = (remote.proxy?.requests ?? []).filter(
      ({ method, status }) => /PUT|POST/.test(method) && status >= 200 && status < 300,
    );
    return taken.flatMap(
      ({ path }) =>
        /files\/md5\/(..)\/([0-9a-f]{30}(?:\.dir)?)/.exec(decodeURIComponent(path))?.slice(1, 3).join('') ??
        [],
    );
  }

  /** Ends a push in the middle: one object's request gets no answer, the others have time to be sent.
   *  @returns what was sent */
  async function killedPush(proxy: FaultProxy): Promise<Set<string>> {
    const isHeld = (method: string, path: string) => /PUT|POST/.test(method) && path.includes(HELD.slice(2));
    proxy.requests.length = 0;
    proxy.fail({ when: isHeld, fault: { kind: 'no-headers' }, times: Number.POSITIVE_INFINITY });
    const controller = new AbortController();
    const done = refusal(dvc('origin', { signal: controller.signal }).push());
    const held = () => proxy.requests.some(({ method, path }) => isHeld(method, path));
    for (let i = 0; i < 2000 && !held(); i++) await wait(50);
    for (let i = 0; i < 400 && new Set(sent()).size < 3; i++) await wait(50);
    controller.abort();
    expect(await done).toMatchObject({ failure: 'cancelled' });
    expect(held()).toBe(true);
    const before = new Set(sent());
    proxy.heal();
    proxy.requests.length = 0;
    return before;
  }
});

describe('a push of data and outputs of stages', { timeout: LIMIT_MS }, () => {
  it('sends both: of targets in one call DVC would send the data alone, and say nothing', async () => {
    const root = mkdtempSync(join(tmpdir(), 'perennial-dvc-push-'));
    const remote = await REMOTES.folder();
    try {
      execFileSync('git', ['init', '-q', root]);
      mkdirSync(join(root, 'data'));
      writeFileSync(join(root, 'data', 'a'), 'one');
      for (const model of ['m', 'n']) mkdirSync(join(root, 'artifacts', model), { recursive: true });
      writeFileSync(join(root, 'dvc.yaml'), STAGES);
      const dvc = dvcAt({
        root,
        remote: remote.home,
        env: { DVC_SITE_CACHE_DIR: join(root, 'notes') },
        onLine: () => {},
      });
      await dvc.init();
      await dvc.add('data');
      await dvc.repro();

      const { pushed } = await dvc.push({
        targets: ['data.dvc', 'artifacts/m/train', 'artifacts/m/features'],
      });
      // Two folders, each a list and a file, and a file of its own.
      expect(pushed).toBe(5);
      for (const text of ['one', 'train m', 'features m']) {
        expect(await remote.read(keyOf(md5(text)))).toBe(text);
      }
      await expect(remote.read(keyOf(md5('train n')))).rejects.toThrow(/ENOENT/);

      await dvc.push({ targets: ['data.dvc', 'artifacts/n/train'] });
      expect(await remote.read(keyOf(md5('train n')))).toBe('train n');
    } finally {
      await remote.close();
      rmSync(root, { recursive: true, force: true });
    }
  });
});

const STAGES = `
stages:
  features:
    foreach: [m, n]
    do:
      cmd: printf 'features %s' \${item} > artifacts/\${item}/features
      deps: [data]
      outs: ["artifacts/\${item}/features"]
  train:
    foreach: [m, n]
    do:
      cmd: mkdir artifacts/\${item}/train && printf 'train %s' \${item} > artifacts/\${item}/train/bundle
      deps: ["artifacts/\${item}/features"]
      outs: ["artifacts/\${item}/train"]
`;
