import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PerennialError, UsageError } from './contracts/errors.ts';
import { readExperiment, readHomes, readModelPrefix, secretsOf } from './homes.ts';
import { withoutSecrets } from './secrets.ts';

let repository: string;

beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'homes-'));
});
afterEach(() => rm(repository, { recursive: true, force: true }));

/** No settings of this machine's user shine through. */
const read = (env: Record<string, string> = {}) =>
  readHomes(
    {
      DVC_GLOBAL_CONFIG_DIR: join(repository, 'none'),
      DVC_SYSTEM_CONFIG_DIR: join(repository, 'none'),
      ...env,
    },
    { repository },
  );

async function refusal(env: Record<string, string>): Promise<PerennialError> {
  const error = await read(env).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw new Error(`was not refused: ${JSON.stringify(error)}`);
  expect(error.message).not.toContain('\n');
  expect(error.hint).toBeTruthy();
  return error;
}

const DAGSHUB = { DAGSHUB_REPO: 'jane/infections', DAGSHUB_USER_TOKEN: 'geheim-1234' };

test('with nothing set, everything lives in folders', async () => {
  expect(await read()).toEqual({ mlflow: null, remote: null, dagshub: null });
  expect(secretsOf(await read())).toEqual([]);
});

describe('MLflow', () => {
  const MLFLOW_TRACKING_URI = 'https://mlflow.example.org/';

  test('by its own names', async () => {
    const { mlflow } = await read({
      MLFLOW_TRACKING_URI,
      MLFLOW_TRACKING_USERNAME: 'jane',
      MLFLOW_TRACKING_PASSWORD: 'geheim-1234',
      MLFLOW_TRACKING_INSECURE_TLS: 'true',
      MLFLOW_HTTP_REQUEST_TIMEOUT: '7',
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    });
    expect(mlflow).toEqual({
      url: 'https://mlflow.example.org',
      username: 'jane',
      password: 'geheim-1234',
      insecureTls: true,
      timeoutMs: 7_000,
      retries: 0,
    });
  });

  test('blanks, quotes and a line end that pasting left are taken off', async () => {
    const { mlflow } = await read({
      MLFLOW_TRACKING_URI: ` "${MLFLOW_TRACKING_URI}" `,
      MLFLOW_TRACKING_TOKEN: "'geheim-1234\n'\r\n",
    });
    expect(mlflow).toMatchObject({ url: 'https://mlflow.example.org', token: 'geheim-1234' });
  });

  test('an empty variable is as good as none', async () => {
    expect((await read({ MLFLOW_TRACKING_URI: '', DAGSHUB_REPO: ' ' })).mlflow).toBeNull();
    const { mlflow } = await read({ MLFLOW_TRACKING_URI, MLFLOW_TRACKING_PASSWORD: '""' });
    expect(mlflow).not.toHaveProperty('password');
  });

  test('user and password win over a token, as in MLflow itself', async () => {
    const { mlflow } = await read({
      MLFLOW_TRACKING_URI,
      MLFLOW_TRACKING_USERNAME: 'jane',
      MLFLOW_TRACKING_PASSWORD: 'geheim-1234',
      MLFLOW_TRACKING_TOKEN: 'other-token',
    });
    expect(mlflow).toMatchObject({ username: 'jane' });
    expect(mlflow).not.toHaveProperty('token');
  });

  test('user and password in front of the host are used, and not in the address any more', async () => {
    const { mlflow } = await read({ MLFLOW_TRACKING_URI: 'https://jane:geheim-1234@mlflow.example.org/ml/' });
    expect(mlflow).toMatchObject({
      url: 'https://mlflow.example.org/ml',
      username: 'jane',
      password: 'geheim-1234',
    });
  });

  test.each([
    [
      { MLFLOW_TRACKING_USERNAME: 'jane' },
      /^MLFLOW_TRACKING_USERNAME is set and MLFLOW_TRACKING_PASSWORD is not/,
    ],
    [{ MLFLOW_TRACKING_PASSWORD: 'geheim-1234' }, /MLFLOW_TRACKING_USERNAME is not/],
    [{ MLFLOW_TRACKING_TOKEN: 'Bearer geheim-1234' }, /MLFLOW_TRACKING_TOKEN holds a blank/],
    [{ MLFLOW_TRACKING_TOKEN: 'geheim-\n1234' }, /MLFLOW_TRACKING_TOKEN has a line break inside/],
    [{ MLFLOW_TRACKING_TOKEN: '<your token>' }, /still the placeholder <your token>/],
    [
      { MLFLOW_HTTP_REQUEST_TIMEOUT: '30s' },
      /MLFLOW_HTTP_REQUEST_TIMEOUT is "30s": expected a number of seconds/,
    ],
    [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '0' }, /more than 0/],
    [{ MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1.5' }, /expected a whole number/],
    [{ MLFLOW_TRACKING_INSECURE_TLS: 'perhaps' }, /is "perhaps": expected true or false/],
    [{ MLFLOW_TRACKING_URI: 'localhost:5000' }, /MLFLOW_TRACKING_URI.*has no http/],
    [{ MLFLOW_TRACKING_URI: 'https://jane@mlflow.example.org' }, /has a user and no password/],
  ])('refused in one sentence: %o', async (env, message) => {
    expect((await refusal({ MLFLOW_TRACKING_URI, ...env })).message).toMatch(message);
  });

  test('an experiment of its own for each model, or one for all', async () => {
    const of = (env: Record<string, string>) => readExperiment('infections', env, { repository });
    expect(await of({})).toBe('infections');
    expect(await of({ MLFLOW_EXPERIMENT_NAME: 'teams/🦠/cases' })).toBe('teams/🦠/cases');
    expect(await of({ MLFLOW_EXPERIMENT_NAME: 'x'.repeat(256) })).toHaveLength(256);
    const long = of({ MLFLOW_EXPERIMENT_NAME: 'x'.repeat(500) });
    await expect(long).rejects.toThrow(/^MLFLOW_EXPERIMENT_NAME: .* it has 500 characters, at most 256 fit/);
  });
});

test('a prefix of registered models', async () => {
  const of = (PERENNIAL_MODEL_PREFIX: string) => readModelPrefix({ PERENNIAL_MODEL_PREFIX }, { repository });
  expect([await of(''), await of('team-a-')]).toEqual(['', 'team-a-']);
  for (const wrong of ['team/a', 'a:b', 'x'.repeat(61)])
    await expect(of(wrong)).rejects.toThrow(/cannot have/);
});

describe('Dagshub', () => {
  test('one variable and a token set all', async () => {
    expect(await read(DAGSHUB)).toEqual({
      mlflow: {
        url: 'https://dagshub.com/jane/infections.mlflow',
        username: 'geheim-1234',
        password: 'geheim-1234',
        insecureTls: false,
        timeoutMs: 30_000,
        retries: 4,
      },
      remote: {
        name: 'dagshub',
        kind: 'http',
        shown: 'https://dagshub.com/jane/infections.dvc',
        config: {
          url: 'https://dagshub.com/jane/infections.dvc',
          auth: 'basic',
          user: 'geheim-1234',
          password: 'geheim-1234',
        },
        secrets: ['user', 'password'],
        from: 'DAGSHUB_REPO',
      },
      dagshub: 'jane/infections',
    });
  });

  test('its S3 interface instead', async () => {
    const { remote } = await read({ ...DAGSHUB, DAGSHUB_STORAGE: 's3', DAGSHUB_USERNAME: 'jane' });
    expect(remote).toMatchObject({
      kind: 's3',
      config: {
        url: 's3://dvc',
        endpointurl: 'https://dagshub.com/jane/infections.s3',
        access_key_id: 'geheim-1234',
        secret_access_key: 'geheim-1234',
      },
    });
    expect(remote?.secrets.sort()).toEqual(['access_key_id', 'secret_access_key']);
    expect((await refusal({ ...DAGSHUB, DAGSHUB_STORAGE: 'bucket' })).message).toMatch(
      /"bucket"; it can be dvc or s3/,
    );
  });

  test.each([
    ...['https://dagshub.com/jane/infections', 'https://dagshub.com/jane/infections.git'],
    ...[
      'https://dagshub.com/jane/infections/src/main/data',
      'https://dagshub.com/jane/infections.mlflow/#/x',
    ],
    ...['git@dagshub.com:jane/infections.git', 'jane/infections/', 'jane/infections.git'],
  ])('understands %s', async (DAGSHUB_REPO) => {
    expect(await read({ ...DAGSHUB, DAGSHUB_REPO })).toEqual(await read(DAGSHUB));
  });

  test.each([
    ['infections', /names no repository/],
    ['jane/in fections', /names no repository/],
    ['jane/infections/data', /names no repository/],
    ['https://dagshub.com/jane', /names no repository/],
    ['https://github.com/jane/infections', /an address of github.com, not of dagshub.com/],
    ['git@github.com:jane/infections.git', /an address of github.com/],
  ])('refuses %s', async (DAGSHUB_REPO, message) => {
    expect((await refusal({ ...DAGSHUB, DAGSHUB_REPO })).message).toMatch(message);
  });

  test('without its token it is told where to make one', async () => {
    const error = await refusal({ DAGSHUB_REPO: 'jane/infections' });
    expect(error.message).toBe('DAGSHUB_REPO is set and DAGSHUB_USER_TOKEN is not');
    expect(error.hint).toContain('https://dagshub.com/user/settings/tokens');
  });

  test('a team’s own', async () => {
    const own = { ...DAGSHUB, DAGSHUB_HOST: 'https://hub.example.org/' };
    expect((await read(own)).remote?.shown).toBe('https://hub.example.org/jane/infections.dvc');
    const { DAGSHUB_HOST: _, ...byItsOwnName } = { ...own, DAGSHUB_CLIENT_HOST: 'https://hub.example.org' };
    expect(await read(byItsOwnName)).toEqual(await read(own));
    expect((await refusal({ ...DAGSHUB, DAGSHUB_HOST: 'hub.example.org' })).hint).toBe(
      'write https://hub.example.org',
    );
  });

  test('what is named on its own wins, and never gets the token of Dagshub', async () => {
    const { mlflow, remote } = await read({
      ...DAGSHUB,
      MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000',
      PERENNIAL_REMOTE: 'https://store.example.org/dvc',
    });
    expect(mlflow).toEqual({
      url: 'http://127.0.0.1:5000',
      insecureTls: false,
      timeoutMs: 30_000,
      retries: 4,
    });
    expect(remote?.config).toEqual({ url: 'https://store.example.org/dvc' });
  });

  test('its addresses, named on their own, take its token', async () => {
    const { mlflow, remote } = await read({
      DAGSHUB_TOKEN: 'geheim-1234',
      MLFLOW_TRACKING_URI: 'https://dagshub.com/jane/infections.mlflow',
      PERENNIAL_REMOTE: 'https://dagshub.com/jane/infections.dvc',
    });
    expect(mlflow?.password).toBe('geheim-1234');
    expect(remote?.config).toMatchObject({ auth: 'basic', password: 'geheim-1234' });
  });
});

describe('the remote', () => {
  const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'geheim-1234' };

  test('a bucket, with what AWS’s own tools are told', async () => {
    const { remote } = await read({
      ...KEYS,
      PERENNIAL_REMOTE: 's3://bucket/team/',
      AWS_SESSION_TOKEN: 'geheim-5678',
      AWS_ENDPOINT_URL: 'https://all.example.org',
      AWS_ENDPOINT_URL_S3: 'https://s3.example.org/',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_PROFILE: 'team',
    });
    expect(remote).toEqual({
      name: 'perennial',
      kind: 's3',
      shown: 's3://bucket/team',
      config: {
        url: 's3://bucket/team',
        endpointurl: 'https://s3.example.org',
        region: 'eu-west-1',
        access_key_id: 'AKIA',
        secret_access_key: 'geheim-1234',
        session_token: 'geheim-5678',
      },
      secrets: ['secret_access_key', 'session_token'],
      from: 'PERENNIAL_REMOTE',
    });
  });

  test('a bucket with a profile, or with what the machine itself may do', async () => {
    const { remote } = await read({ PERENNIAL_REMOTE: 's3://bucket', AWS_PROFILE: 'team' });
    expect(remote?.config).toEqual({ url: 's3://bucket', profile: 'team' });
  });

  test('a container of Azure', async () => {
    const AZURE_STORAGE_CONNECTION_STRING = 'AccountName=a;AccountKey=geheim==;';
    const { remote } = await read({ PERENNIAL_REMOTE: 'azure://cases/dvc', AZURE_STORAGE_CONNECTION_STRING });
    expect(remote).toMatchObject({
      kind: 'azure',
      config: { url: 'azure://cases/dvc', connection_string: AZURE_STORAGE_CONNECTION_STRING },
      secrets: ['connection_string'],
    });
    expect(withoutSecrets('key geheim== was refused')).toBe('key *** was refused');
  });

  test('a server, its user and password taken out of the address', async () => {
    const parts = {
      url: 'https://store.example.org/dvc',
      auth: 'basic',
      user: 'jane',
      password: 'geheim/1234',
    };
    const { remote } = await read({ PERENNIAL_REMOTE: 'https://jane:geheim%2F1234@store.example.org/dvc/' });
    expect(remote).toMatchObject({ kind: 'http', shown: parts.url, config: parts, secrets: ['password'] });
    const apart = await read({
      PERENNIAL_REMOTE: parts.url,
      PERENNIAL_REMOTE_USER: 'jane',
      PERENNIAL_REMOTE_PASSWORD: 'geheim/1234',
    });
    expect(apart.remote).toEqual(remote);
  });

  test('a key behind the question mark is not shown', async () => {
    const { remote } = await read({ PERENNIAL_REMOTE: 'https://store.example.org/dvc?sig=geheim-1234' });
    expect(remote?.shown).not.toContain('geheim');
    expect(remote?.secrets).toEqual(['url']);
  });

  test('a folder, from where the repository is', async () => {
    const folder = async (PERENNIAL_REMOTE: string) => (await read({ PERENNIAL_REMOTE })).remote?.config.url;
    expect(await folder('/srv/dvc')).toBe('/srv/dvc');
    expect(await folder('../store')).toBe(join(repository, '..', 'store'));
    expect(await folder('~/store')).toBe(join(homedir(), 'store'));
    expect(await folder('file:///srv/dvc')).toBe('/srv/dvc');
    expect((await read({ PERENNIAL_REMOTE: 'store' })).remote).toMatchObject({ kind: 'folder', secrets: [] });
  });

  test.each([
    [{ PERENNIAL_REMOTE: 's3:bucket/x' }, /begins with s3: and not with s3:\/\//],
    [{ PERENNIAL_REMOTE: 's3:///x' }, /names no bucket/],
    [{ PERENNIAL_REMOTE: 'gs://bucket' }, /begins with gs:\/\/, which is not supported/],
    [{ PERENNIAL_REMOTE: 'localhost:9000/bucket' }, /without http/],
    [{ PERENNIAL_REMOTE: 'https://jane@store.example.org' }, /only one of user and password/],
    [
      { PERENNIAL_REMOTE: 'https://store.example.org', PERENNIAL_REMOTE_USER: 'jane' },
      /PERENNIAL_REMOTE_PASSWORD is not/,
    ],
    [{ PERENNIAL_REMOTE: 'azure://cases' }, /nothing says which storage account/],
    [{ PERENNIAL_REMOTE: 's3://bucket', AWS_ACCESS_KEY_ID: 'AKIA' }, /AWS_SECRET_ACCESS_KEY is not/],
    [
      { PERENNIAL_REMOTE: 's3://b', AWS_ENDPOINT_URL: 'localhost:9000' },
      /AWS_ENDPOINT_URL is "localhost:9000", without http/,
    ],
  ])('refused in one sentence: %o', async (env, message) => {
    expect((await refusal(env)).message).toMatch(message);
  });
});

describe('DVC’s own settings', () => {
  const config = (text: string, name = 'config') =>
    mkdir(join(repository, '.dvc'), { recursive: true }).then(() =>
      writeFile(join(repository, '.dvc', name), text),
    );

  test('the default remote, with what only this machine knows of it', async () => {
    await config(
      `[core]\n    remote = Origin\n['remote "origin"']\n    url = s3://bucket/dvc\n['remote "b.c"']\n    url = /x\n`,
    );
    await config(
      `['remote "origin"']\n    access_key_id = AKIA\n    secret_access_key = "ge#heim; 12"\n`,
      'config.local',
    );
    const { remote } = await read({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9000' });
    expect(remote).toEqual({
      name: 'origin',
      kind: 's3',
      shown: 's3://bucket/dvc',
      config: {
        url: 's3://bucket/dvc',
        endpointurl: 'http://127.0.0.1:9000',
        access_key_id: 'AKIA',
        secret_access_key: 'ge#heim; 12',
      },
      secrets: ['secret_access_key'],
      from: '.dvc/config',
    });
    expect((await read({ PERENNIAL_REMOTE: '/srv/dvc' })).remote?.from).toBe('PERENNIAL_REMOTE');
    expect((await read(DAGSHUB)).remote?.from).toBe('DAGSHUB_REPO');
  });

  test('a committed address with credentials from the environment', async () => {
    await config(`[core]\nremote = o\n['remote "o"']\nurl = https://dagshub.com/jane/infections.dvc\n`);
    expect((await read({ DAGSHUB_USER_TOKEN: 'geheim-1234' })).remote?.config.password).toBe('geheim-1234');
    expect((await read()).remote?.config).toEqual({ url: 'https://dagshub.com/jane/infections.dvc' });
  });

  test('an Azure connection string keeps all its parts', async () => {
    const text = 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=geheim==;EndpointSuffix=x';
    await config(`[core]\nremote = az\n['remote "az"']\nurl = azure://c\nconnection_string = ${text}\n`);
    expect((await read()).remote?.config.connection_string).toBe(text);
  });

  test('a relative folder is meant from .dvc', async () => {
    await config(`[core]\nremote = o\n['remote "o"']\nurl = ../../store # theirs\n`);
    expect((await read()).remote?.config.url).toBe(join(repository, '..', 'store'));
  });

  test('a remote that is not the default one is not used', async () => {
    await config(`['remote "o"']\nurl = s3://bucket\n`);
    expect((await read()).remote).toBeNull();
  });

  test.each([
    ['[core]\nremote = gone\n', /default remote is "gone", and .dvc\/config has no such remote/],
    [
      '[core]\nremote = o\n["remote \\"o"\n<<<<<<< HEAD\n',
      /config, line 3, is neither a section nor an option/,
    ],
    ['[core]\nremote = o\n[\'remote "o"\']\nurl = ssh://host/x\n', /ssh:\/\/, which is not supported/],
    [
      '[core]\nremote = o\n[\'remote "o"\']\nurl = https://x.example\nask_password = true\n',
      /asks for its password/,
    ],
  ])('refused in one sentence: %j', async (text, message) => {
    await config(text);
    expect((await refusal({})).message).toMatch(message);
  });
});

describe('the file .env', () => {
  test('is read; the environment wins, and an empty value there switches a home off', async () => {
    await writeFile(
      join(repository, '.env'),
      '# ours\nexport MLFLOW_TRACKING_URI="https://file.example.org"\nPERENNIAL_REMOTE=/srv/dvc\nNODE_OPTIONS=--bad\n',
    );
    const { mlflow, remote } = await read();
    expect([mlflow?.url, remote?.shown]).toEqual(['https://file.example.org', '/srv/dvc']);
    expect(process.env.MLFLOW_TRACKING_URI).toBeUndefined();
    expect((await read({ MLFLOW_TRACKING_URI: 'https://env.example.org' })).mlflow?.url).toBe(
      'https://env.example.org',
    );
    expect((await read({ MLFLOW_TRACKING_URI: '' })).mlflow).toBeNull();
  });

  test('one that is no file is told', async () => {
    await mkdir(join(repository, '.env'));
    expect((await refusal({})).message).toMatch(/\.env .* cannot be read/);
  });
});

describe('secrets', () => {
  test('every form of them is taken out of what is said', async () => {
    const password = 'g"he\\im 1234';
    const homes = await read({
      MLFLOW_TRACKING_URI: 'https://mlflow.example.org',
      MLFLOW_TRACKING_USERNAME: 'jane',
      MLFLOW_TRACKING_PASSWORD: password,
    });
    const basic = Buffer.from(`jane:${password}`).toString('base64');
    expect(secretsOf(homes)).toEqual([password, basic]);
    const said = `${password} ${JSON.stringify({ password })} ${encodeURIComponent(password)} Basic ${basic}`;
    expect(withoutSecrets(said)).toBe('*** {"password":"***"} *** Basic ***');
  });

  test('no refusal holds one, whatever stands in the variables', async () => {
    const names = [
      'MLFLOW_TRACKING_URI',
      'MLFLOW_TRACKING_PASSWORD',
      'MLFLOW_TRACKING_TOKEN',
      'DAGSHUB_REPO',
    ];
    const more = [
      'PERENNIAL_REMOTE',
      'PERENNIAL_REMOTE_PASSWORD',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_ENDPOINT_URL',
      'DAGSHUB_HOST',
    ];
    const around = fc.string({ unit: fc.constantFrom(...'ab:/@.#? %\\[]\n"') });
    const value = fc
      .tuple(fc.constantFrom('', 'https://', 's3://', 'azure://', 'x://'), around, around)
      .map(([scheme, a, b]) => `${scheme}${a}:GEHEIM@${b}`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names, ...more), value, async (name, text) => {
        try {
          await read({ PERENNIAL_REMOTE: 's3://b', ...DAGSHUB, [name]: text });
        } catch (error) {
          expect(error).toBeInstanceOf(PerennialError);
          const { message, hint } = error as PerennialError;
          expect(message + hint).not.toContain('GEHEIM');
        }
      }),
      { numRuns: 400 },
    );
  });
});
