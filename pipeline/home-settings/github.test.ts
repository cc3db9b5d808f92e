import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { git } from '../clients/git.ts';
import { UsageError } from '../contracts/errors.ts';
import { withoutSecrets } from '../secrets.ts';
import { readGithub } from './github.ts';

let repository: string;
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'github-settings-'));
});
afterEach(() => rm(repository, { recursive: true, force: true }));

const read = (env: Record<string, string> = {}) => readGithub(env, { repository });
async function refusal(env: Record<string, string>): Promise<UsageError> {
  const error = await read(env).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw new Error(`was not refused: ${JSON.stringify(error)}`);
  expect(error.message).not.toContain('\n');
  expect(error.hint).toBeTruthy();
  return error;
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** As GitHub gives it. */
const PEM = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const REPO = { GITHUB_REPOSITORY: 'jane/infections' };
const APP = {
  ...REPO,
  PERENNIAL_APP_ID: '12',
  PERENNIAL_APP_INSTALLATION: '345',
  PERENNIAL_APP_PRIVATE_KEY: PEM,
};

describe('the repository', () => {
  test('by name, on the public host', async () => {
    expect(await read(REPO)).toEqual({
      apiUrl: 'https://api.github.com',
      serverUrl: 'https://github.com',
      owner: 'jane',
      name: 'infections',
      as: { kind: 'nobody' },
      timeoutMs: 20_000,
      retries: 3,
      longestWaitMs: 120_000,
    });
  });

  test.each([
    ['https://github.com/jane/infections.git', 'https://github.com', 'https://api.github.com'],
    ['https://user:geheim@git.example.org:8443/jane/infections', 'https://git.example.org:8443', undefined],
    ['git@github.com:jane/infections.git', 'https://github.com', 'https://api.github.com'],
    ['ssh://git@git.example.org:22/jane/infections.git', 'https://git.example.org', undefined],
  ])('from git: %s', async (address, serverUrl, apiUrl = `${serverUrl}/api/v3`) => {
    await git(repository, ['init', '--quiet']);
    await git(repository, ['remote', 'add', 'origin', address]);
    expect(await read()).toMatchObject({ serverUrl, apiUrl, owner: 'jane', name: 'infections' });
  });

  test('is asked for where nobody names it', async () => {
    expect((await refusal({})).message).toContain('which repository?');
    await git(repository, ['init', '--quiet']);
    await git(repository, ['remote', 'add', 'origin', join(repository, 'folder.git')]);
    expect((await refusal({})).message).toContain('which repository?');
    for (const GITHUB_REPOSITORY of [
      'jane',
      'jane/in/fections',
      'https://github.com/jane/infections',
      'a b/c',
    ])
      expect((await refusal({ GITHUB_REPOSITORY })).message).toContain('names no repository');
  });
});

describe('as whom', () => {
  test('the App wins over a token, GITHUB_TOKEN over GH_TOKEN', async () => {
    expect((await read({ ...APP, GITHUB_TOKEN: 'ghs_geheim' })).as).toMatchObject({ kind: 'app', id: 12 });
    expect((await read({ ...REPO, GITHUB_TOKEN: 'ghs_one', GH_TOKEN: 'gho_two' })).as).toEqual({
      kind: 'token',
      token: 'ghs_one',
    });
    // A workflow without the secret passes an empty value.
    const as = (
      await read({
        ...APP,
        PERENNIAL_APP_ID: '',
        PERENNIAL_APP_INSTALLATION: '',
        PERENNIAL_APP_PRIVATE_KEY: '',
      })
    ).as;
    expect(as).toEqual({ kind: 'nobody' });
  });

  test.each([
    ['as it is', PEM],
    ['with escaped line ends', PEM.replaceAll('\n', '\\n')],
    ['on one line with blanks', PEM.replaceAll('\n', ' ')],
    ['in base64', Buffer.from(PEM).toString('base64')],
    ['in quotes', `"${PEM.replaceAll('\n', '\\n')}"`],
    ['as PKCS#8', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('the key %s', async (_how, PERENNIAL_APP_PRIVATE_KEY) => {
    const { as } = await read({ ...APP, PERENNIAL_APP_PRIVATE_KEY });
    if (as.kind !== 'app') throw new Error('not the App');
    expect(as.privateKey).toMatch(/^-----BEGIN (RSA )?PRIVATE KEY-----\n/);
    expect(withoutSecrets(`said: ${PERENNIAL_APP_PRIVATE_KEY.trim()} ${as.privateKey}`)).not.toContain(
      as.privateKey.slice(200, 240),
    );
  });

  test('the key from a file .env', async () => {
    const lines = Object.entries(APP).map(([name, value]) => `${name}="${value.replaceAll('\n', '\\n')}"`);
    await writeFile(join(repository, '.env'), lines.join('\n'));
    expect((await read()).as).toMatchObject({ kind: 'app', id: 12, installation: 345 });
  });

  test('one of three values is not enough, and the message says which is missing', async () => {
    for (const missing of ['PERENNIAL_APP_ID', 'PERENNIAL_APP_INSTALLATION', 'PERENNIAL_APP_PRIVATE_KEY']) {
      const { message } = await refusal({ ...APP, [missing]: '' });
      expect(message).toMatch(new RegExp(`and ${missing} is not$`));
    }
  });

  test('a key that is none, a number that is none, a token with a blank', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const PERENNIAL_APP_PRIVATE_KEY of [
      'geheim-geheim',
      PEM.slice(0, 300),
      PEM.replace(/\n.{20}/, '\n'),
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      ec.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ]) {
      const { message, cause } = await refusal({ ...APP, PERENNIAL_APP_PRIVATE_KEY });
      expect(message).toContain('expected an RSA key in PEM');
      expect(message).not.toContain('geheim');
      expect(cause).toBeUndefined();
    }
    expect((await refusal({ ...APP, PERENNIAL_APP_ID: 'Iv1.abc' })).message).toContain('whole number');
    expect((await refusal({ ...REPO, GH_TOKEN: 'Bearer x' })).message).toContain('GH_TOKEN');
  });
});
