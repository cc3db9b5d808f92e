import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DvcHttpRemote } from '../../test/servers/dvc-http-remote.ts';
import { dvcAt } from './dvc.ts';
import { checkRemote, probeRemote } from './dvc-remote-check.ts';
import { httpHome } from './dvc-remotes.testing.ts';

const PASSWORD = 'right-password';
let scratch: string;
let server: DvcHttpRemote;
const at = (name: string) => join(scratch, name);
const dvc = (name: string) =>
  dvcAt({
    root: at(name),
    remote: httpHome(server.url, PASSWORD),
    env: { DVC_SITE_CACHE_DIR: at(`${name}-notes`) },
  });

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'perennial-dvc-http-'));
  server = await DvcHttpRemote.start({ password: PASSWORD });
  execFileSync('git', ['init', '-q', at('origin')]);
  for (const model of ['infections', 'admissions']) {
    mkdirSync(join(at('origin'), 'data', model), { recursive: true });
    writeFileSync(join(at('origin'), 'data', model, 'a'), model);
  }
  await dvc('origin').init();
  await dvc('origin').add('data');
}, 120_000);

afterAll(async () => {
  await server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error) => error.failure,
  );

it.each([
  ['expired', 'unauthorized'],
  ['no-rights', 'forbidden'],
  ['html', 'no-dvc-remote'],
] as const)('refuses quickly where the answer is: %s', async (mood, failure) => {
  server.mood = mood;
  expect(await failureOf(checkRemote(httpHome(server.url, PASSWORD)))).toBe(failure);
  // DVC itself exits with 0 here, and calls everything new or in order.
  expect(await failureOf(dvc('origin').remoteStatus())).toBe(failure);
});

it('finds in the probe what only shows when something is written', async () => {
  for (const [mood, failure] of [
    ['read-only', 'forbidden'],
    ['full', 'remote-full'],
  ] as const) {
    server.mood = mood;
    expect(await failureOf(checkRemote(httpHome(server.url, PASSWORD)))).toBeNull();
    const steps = await probeRemote(httpHome(server.url, PASSWORD));
    expect(steps).toMatchObject([{ step: 'write', ok: false, error: { failure } }]);
  }
  server.mood = 'well';
  expect(await failureOf(checkRemote(httpHome('http://127.0.0.1:1/x.dvc', PASSWORD)))).toBe('unreachable');
});

it('says that the remote is full, and goes on when there is room', async () => {
  server.mood = 'full';
  expect(await failureOf(dvc('origin').push())).toBe('remote-full');
  server.mood = 'well';
  expect(await dvc('origin').push()).toEqual({ pushed: 3 });
  expect(await dvc('origin').push()).toEqual({ pushed: 0 });
  expect(await dvc('origin').remoteStatus()).toEqual({});
});

it('tells a token that ran out from a remote that lost everything', async () => {
  clone('late');
  server.mood = 'expired';
  expect(await failureOf(dvc('late').pull())).toBe('unauthorized');
  server.mood = 'well';
  const list = [...server.objects.keys()].find((key) => key.endsWith('.dir'))!;
  const content = server.objects.get(list)!;
  server.objects.delete(list);
  const lost = await dvc('late')
    .pull()
    .catch((error) => error);
  expect(lost).toMatchObject({ failure: 'lost-objects', objects: [{ path: 'data', how: 'lost' }] });
  server.objects.set(list, content);
});

it('keeps the other models in data.dvc when one model alone was pulled, changed and added', async () => {
  clone('one');
  await dvc('one').pull({ targets: ['data/infections'] });
  writeFileSync(join(at('one'), 'data/infections/b'), 'new');
  // `dvc add data` would drop data/admissions here.
  await dvc('one').add('data/infections');
  expect(await dvc('one').push()).toEqual({ pushed: 2 });
  clone('all', 'one');
  expect(await dvc('all').pull()).toMatchObject({ added: 3 });
  expect(readFileSync(join(at('all'), 'data/admissions/a'), 'utf8')).toBe('admissions');
});

/** A clone with nothing in its cache. */
function clone(name: string, from = 'origin'): void {
  execFileSync('git', ['init', '-q', at(name)]);
  mkdirSync(join(at(name), '.dvc'));
  for (const file of ['data.dvc', '.dvc/config', '.dvcignore']) {
    writeFileSync(join(at(name), file), readFileSync(join(at(from), file)));
  }
}
