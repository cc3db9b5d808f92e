import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DvcHttpRemote } from '../../../test/servers/dvc-http-remote.ts';
import { FaultProxy } from '../../../test/servers/fault-proxy.ts';
import { addUser, grant, type MlflowVersion, uniqueName } from '../../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { dvcAt } from '../../clients/dvc.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../clients/mlflow/mlflow-at.ts';
import { failRecord, openRecord } from '../../clients/run-spool.ts';
import { makeConsole } from '../../console.ts';
import type { PerennialError } from '../../contracts/errors.ts';
import type { MlflowHome } from '../../contracts/homes.ts';
import { mlflowRegistry } from '../../registry/mlflow.ts';
import { about, sampleBundle } from '../../registry/sample-bundle.testing.ts';
import { REPOSITORY } from '../../workspace.ts';
import { doctorCommand, examineAll } from '../doctor.ts';
import type { Environment } from '../environment.ts';
import { checkMlflow } from './check-mlflow.ts';
import type { Finding } from './finding.ts';
import { probeName } from './mlflow-probe.ts';

let repository: string;
let model: string;

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'doctor-'));
  await copyFile(join(REPOSITORY, 'package.json'), join(repository, 'package.json'));
});
beforeEach(async () => {
  model = uniqueName('cases');
  const entry = `task: forecast\n    source: { urls: [https://example.org/cases.csv] }`;
  await writeFile(join(repository, 'params.yaml'), `models:\n  ${model}:\n    ${entry}\n`);
});
afterAll(() => rm(repository, { recursive: true, force: true }));

const environment = (change: Partial<Environment> = {}): Environment => ({
  run: 'r',
  console: makeConsole({ quiet: true, json: false }),
  log: pino({ level: 'silent' }),
  now: () => new Date(),
  signal: new AbortController().signal,
  ...change,
});

/** Settings of this machine's user stay out. */
const NONE = { DVC_GLOBAL_CONFIG_DIR: '/nowhere', DVC_SYSTEM_CONFIG_DIR: '/nowhere' };

const doctor = (env: NodeJS.ProcessEnv = {}, change: Partial<Environment> = {}) =>
  examineAll(environment(change), { repository, env: { ...NONE, ...env } });

const envOf = ({ url, username, password }: MlflowHome) => ({
  MLFLOW_TRACKING_URI: url,
  ...(username && { MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: password }),
});

const wrongOf = (findings: Finding[]) => findings.filter(({ state }) => state === 'wrong');
const notes = (findings: Finding[]) =>
  findings.filter(({ state }) => state === 'note').map(({ said }) => said);

describe('the remote', () => {
  let server: DvcHttpRemote;
  beforeAll(async () => {
    server = await DvcHttpRemote.start();
  });
  afterAll(() => server.close());

  const envOfRemote = (password = server.password) => ({
    PERENNIAL_REMOTE: server.url,
    PERENNIAL_REMOTE_USER: server.user,
    PERENNIAL_REMOTE_PASSWORD: password,
  });

  test('a folder is written, read back, and left as it was', async () => {
    const folder = join(repository, 'store');
    await mkdir(folder, { mode: 0o700 });
    const findings = await doctor({ PERENNIAL_REMOTE: folder });
    expect(wrongOf(findings).concat(findings.filter(({ state }) => state === 'note'))).toEqual([]);
    expect(findings.find(({ home }) => home === 'remote')?.said).toMatch(/^written, read back, deleted in/);
    expect(await readdir(folder, { recursive: true })).toEqual([]);
    await chmod(folder, 0o777);
    expect(notes(await doctor({ PERENNIAL_REMOTE: folder }))).toEqual([
      'every user of this machine may change what is there',
    ]);
  });

  test('a server behind a password, its clock too', async () => {
    const findings = await doctor(envOfRemote());
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.find(({ home }) => home === 'remote')?.said).toMatch(
      /^written, read back in .*deletes nothing/,
    );
    const hour = { now: () => new Date(Date.now() + 3_600_000) };
    const [clock, ...others] = wrongOf(await doctor(envOfRemote(), hour));
    expect(others).toEqual([]);
    expect(clock.said).toBe(`this machine's clock is 60 min ahead of the server's`);
  });

  test.each(['expired', 'no-rights', 'read-only', 'full', 'html'] as const)(
    'that is %s, in one sentence',
    async (mood) => {
      server.mood = mood;
      try {
        const [finding, ...others] = wrongOf(await doctor(envOfRemote()));
        expect(others).toEqual([]);
        expect(finding).toMatchObject({ home: 'remote' });
        expect(finding.said).not.toContain('\n');
        expect(finding.hint).toBeTruthy();
        expect(JSON.stringify(finding)).not.toContain(server.password);
      } finally {
        server.mood = 'well';
      }
    },
  );

  test('nobody at the other end, or a wrong password', async () => {
    const [wrong] = wrongOf(await doctor(envOfRemote('wrong-1234')));
    expect(wrong.said).toContain(server.url);
    expect(JSON.stringify(wrong)).not.toContain('wrong-1234');
    const [away] = wrongOf(await doctor({ PERENNIAL_REMOTE: 'http://127.0.0.1:9/x.dvc' }));
    expect(away).toMatchObject({ home: 'remote', exitCode: 3 });
  });
});

describe('without a home outside', () => {
  test('says that all stays in folders, and writes nothing', async () => {
    const before = await readdir(repository);
    const findings = await doctor();
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.map(({ said }) => said).join('\n')).toMatch(
      /data stay in folders.*models stay in folders/,
    );
    expect(await readdir(repository)).toEqual(before);
  });

  test.each([
    [{ MLFLOW_TRACKING_URI: 'localhost:5000' }, /has no http:\/\/ or https:\/\/ in front/],
    [
      { MLFLOW_TRACKING_URI: 'https://m.example', MLFLOW_TRACKING_USERNAME: 'me' },
      /MLFLOW_TRACKING_PASSWORD is not/,
    ],
    [{ MLFLOW_EXPERIMENT_NAME: 'x'.repeat(500) }, /it has 500 characters, at most 256 fit/],
    [{ PERENNIAL_REMOTE: 'gs://bucket' }, /gs:\/\/, which is not supported/],
  ])('a setting that cannot be: %#', async (env, said) => {
    const [finding, ...others] = wrongOf(await doctor(env));
    expect(others).toEqual([]);
    expect(finding.said).toMatch(said);
    expect(finding.hint).toBeTruthy();
  });

  test('a params.yaml that does not parse is told, and the rest is looked at', async () => {
    await writeFile(join(repository, 'params.yaml'), 'models: {}\n');
    const findings = await doctor();
    expect(wrongOf(findings).map(({ where }) => where)).toEqual(['params.yaml']);
    expect(findings.some(({ home }) => home === 'cache')).toBe(true);
  });

  test('a cache corrupted by one bit is named with its file', async () => {
    const root = join(repository, '.perennial');
    await mkdir(join(root, 'data', model), { recursive: true });
    await writeFile(join(root, 'data', model, 'cases.csv'), 'a,b\n1,2\n');
    await initWithoutGit(root);
    await dvcAt({ root }).add('data');
    expect(wrongOf(await doctor())).toEqual([]);
    const file = await cachedFile(root);
    await chmod(file, 0o644);
    const bytes = await readFile(file);
    bytes[0] ^= 1;
    await writeFile(file, bytes);
    const [finding, ...others] = wrongOf(await doctor());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ home: 'cache', exitCode: 6 });
    expect(finding.said).toContain(`data/${model}/cases.csv`);
    expect(finding.hint).toContain(file);
    await rm(root, { recursive: true });
  });
});

describe.each(['3', '2'] satisfies MlflowVersion[])('MLflow %s', (version) => {
  let home: MlflowHome;
  let mlflow: Mlflow;

  beforeAll(async () => {
    home = await sharedMlflow(version);
    mlflow = mlflowAt(home);
  }, 600_000);
  afterAll(() => mlflow?.close());

  const registryOf = (name: string) =>
    mlflowRegistry(mlflow, { model: name, experiment: name, now: () => new Date() });

  async function nothingIsLeft(of = home): Promise<void> {
    const name = probeName(of);
    expect(await mlflow.registeredModel(name)).toBeNull();
    const experiment = await mlflow.experimentByName(name);
    expect(experiment?.lifecycle_stage).toBe('deleted');
    // MLflow restores its runs with it: there is one, and its file is gone.
    const { experiment_id } = await mlflow.ensureExperiment(name);
    const runs = await mlflow.searchRuns({ experimentIds: [experiment_id] });
    expect(runs).toHaveLength(1);
    expect(await mlflow.listArtifacts(runs[0])).toEqual([]);
    await mlflow.deleteExperiment(experiment_id);
  }

  /** @returns the version that is champion, the second of two */
  async function twoVersions(name: string): Promise<string> {
    const registry = registryOf(name);
    const first = await registry.register(sampleBundle('first').files, about);
    await registry.setAlias('champion', first.version, null);
    const second = await registry.register(sampleBundle('second').files, about);
    await registry.setAlias('champion', second.version, first.version);
    return second.version;
  }

  test('all is well, and nothing is left behind', async () => {
    const findings = await doctor({ ...envOf(home), MLFLOW_TRACKING_URI: `${home.url}/` });
    expect(wrongOf(findings)).toEqual([]);
    expect(notes(findings)).toEqual([]);
    expect(findings.filter(({ home: of }) => of === 'MLflow').map(({ said }) => said)).toEqual([
      expect.stringMatching(/^reached, version [23]\..*, log-in accepted$/),
      'written, read back, deleted: experiment, run, parameter, metric, artifact',
      'made, found by its alias, deleted: model, version, alias',
    ]);
    await nothingIsLeft();
  });

  test('a champion is read whole', async () => {
    await twoVersions(model);
    const findings = await doctor(envOf(home));
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.at(-1)?.said).toMatch(
      /^2 versions; champion v0002 \(.+\): each byte is what its digest says$/,
    );
  });

  test('a champion that points to a deleted version', async () => {
    await twoVersions(model);
    await mlflow.deleteModelVersion(model, 2);
    const [finding, ...others] = wrongOf(await doctor(envOf(home)));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ home: 'registry', exitCode: 6 });
    expect(finding.said).toMatch(/champion of .* is v0002, and that version was deleted/);
    expect(finding.hint).toMatch(/rollback/);
  });

  test('an artifact whose hash differs', async () => {
    await twoVersions(model);
    const row = await mlflow.modelVersion(model, 2);
    const run = await mlflow.run(row?.run_id ?? '');
    if (!run) throw new Error('no run');
    const [folder] = await mlflow.listArtifacts(run, 'bundle');
    await mlflow.uploadArtifact(run, `${folder.path}/schema.json`, Buffer.from('other'));
    const [finding, ...others] = wrongOf(await doctor(envOf(home)));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ home: 'registry', exitCode: 6 });
    expect(finding.said).toMatch(/v0002 of .* in MLflow is damaged/);
  });

  test('an alias that was moved by hand on MLflow’s page', async () => {
    await twoVersions(model);
    await mlflow.setAlias(model, 'champion', 1);
    const findings = await doctor(envOf(home));
    expect(wrongOf(findings)).toEqual([]);
    expect(notes(findings)).toEqual([`champion is v0002, MLflow's page shows v0001`]);
  });

  test('a wrong password is told once, without the password', async () => {
    const secret = `wrong-${randomBytes(4).toString('hex')}`;
    const env = { ...envOf(home), MLFLOW_TRACKING_PASSWORD: secret };
    const findings = await doctor(env);
    const [finding, ...others] = wrongOf(findings);
    expect(others).toEqual([]);
    expect(finding.said).toMatch(/answered 401/);
    expect(finding.hint).toMatch(/user, password or token are wrong/);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  test('a user without rights to the model', async () => {
    await twoVersions(model);
    const reader = await addUser(home, uniqueName('reader'));
    await grant(home, reader.username ?? '', { model }, 'READ');
    const [finding, ...others] = wrongOf(await doctor(envOf(reader)));
    expect(others).toEqual([]);
    expect(finding.home).toBe('registry');
    expect(finding.said).toMatch(/answered 403/);
    await nothingIsLeft(reader);
  });

  test('a clock that is an hour ahead, or behind', async () => {
    const shifted = (hours: number) => ({ now: () => new Date(Date.now() + hours * 3_600_000) });
    const [ahead] = wrongOf(await doctor(envOf(home), shifted(1)));
    expect(ahead).toMatchObject({
      home: 'clock',
      said: `this machine's clock is 60 min ahead of the server's`,
    });
    const [behind] = wrongOf(await doctor(envOf(home), shifted(-1)));
    expect(behind.said).toBe(`this machine's clock is 60 min behind the server's`);
  });

  test('an experiment with slashes and emoji is taken as it is', async () => {
    const name = `${model}/🦠/cases`;
    const made = await mlflow.ensureExperiment(name);
    expect((await mlflow.experimentByName(name))?.experiment_id).toBe(made.experiment_id);
    await mlflow.deleteExperiment(made.experiment_id);
  });

  test('killed at any request, the next doctor leaves nothing behind', async () => {
    const proxy = await FaultProxy.start(home.url);
    const throughProxy = { ...home, url: proxy.url, retries: 0 };
    const check = async () => {
      const client = mlflowAt(throughProxy);
      try {
        const signal = new AbortController().signal;
        return await checkMlflow({ home: throughProxy, mlflow: client, now: () => new Date(), signal });
      } finally {
        await client.close();
      }
    };
    try {
      expect(wrongOf(await check())).toEqual([]);
      const all = proxy.requests.length;
      expect(all).toBeGreaterThan(20);
      for (let requests = 3; requests < all; requests += 2) {
        proxy.passOnly(requests);
        const broken = await check();
        expect(wrongOf(broken).length + notes(broken).length).toBeGreaterThan(0);
        proxy.heal();
        expect(wrongOf(await check())).toEqual([]);
      }
      await nothingIsLeft();
    } finally {
      await proxy.close();
    }
  }, 300_000);
});

test('another kind of server', async () => {
  const home = await sharedMlflow('3');
  const proxy = await FaultProxy.start(home.url);
  try {
    proxy.fail({ fault: { kind: 'html' }, times: Number.POSITIVE_INFINITY });
    const [finding, ...others] = wrongOf(await doctor({ MLFLOW_TRACKING_URI: proxy.url }));
    expect(others).toEqual([]);
    expect(finding.said).toMatch(/answered 200 with a web page, expected JSON/);
    expect(finding.exitCode).toBe(2);
  } finally {
    await proxy.close();
  }
});

test('runs that wait for the tracking server are counted', async () => {
  const spool = join(repository, '.perennial', 'artifacts', model, 'spool');
  const run = { model, experiment: model, name: 'one', description: '', tags: {}, params: {} };
  const record = await openRecord(spool, { ...run, started_at: '2026-01-02T03:04:05.000Z' });
  expect(notes(await doctor())).toEqual([]);
  await failRecord(record, { reason: 'for a test', at: '2026-01-02T04:00:00.000Z' });
  expect(notes(await doctor())).toEqual([
    '1 run waits for the tracking server (0 kB, since 2026-01-02 03:04)',
  ]);
});

describe('the command', () => {
  async function told(env: NodeJS.ProcessEnv, json: boolean) {
    const printed: string[] = [];
    const console = {
      ...makeConsole({ quiet: true, json }),
      print: (text: string) => void printed.push(text),
    };
    const error = await doctorCommand(environment({ console }), {
      json,
      repository,
      env: { ...NONE, ...env },
    }).then(
      () => null,
      (thrown: PerennialError) => thrown,
    );
    return { text: printed.join('\n'), error };
  }

  test('a table for people, the exit code for scripts', async () => {
    const well = await told({}, false);
    expect(well.error).toBeNull();
    expect(well.text).toMatch(/^✓ git +\d.*\n(.*\n)+All is well: \d+ checks\.$/);
    const wrong = await told({ MLFLOW_TRACKING_URI: 'localhost:5000' }, false);
    expect(wrong.error?.exitCode).toBe(7);
    expect(wrong.text).toMatch(/✗ settings .*has no http.*\n +→ write http:\/\/localhost:5000\n/);
  });

  test('one JSON document', async () => {
    const { text, error } = await told({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' }, true);
    expect(error?.exitCode).toBe(3);
    const { well, findings } = JSON.parse(text);
    expect(well).toBe(false);
    expect(wrongOf(findings)).toMatchObject([{ home: 'MLflow', exitCode: 3 }]);
  });
});

async function initWithoutGit(root: string): Promise<void> {
  await mkdir(join(root, '.dvc'), { recursive: true });
  await writeFile(join(root, '.dvc', 'config'), '[core]\n    no_scm = True\n    analytics = false\n');
}

async function cachedFile(root: string): Promise<string> {
  const cache = join(root, '.dvc', 'cache', 'files', 'md5');
  const all = await readdir(cache, { recursive: true, withFileTypes: true });
  const file = all.find((each) => each.isFile() && !each.name.endsWith('.dir'));
  return join(file?.parentPath ?? '', file?.name ?? '');
}
