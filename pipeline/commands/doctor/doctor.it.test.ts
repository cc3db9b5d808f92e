import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DvcHttpRemote } from '../../../test/servers/dvc-http-remote.ts';
import { dvcAt } from '../../clients/dvc.ts';
import { failRecord, openRecord } from '../../clients/run-spool.ts';
import { makeConsole } from '../../console.ts';
import type { PerennialError } from '../../contracts/errors.ts';
import { REPOSITORY } from '../../workspace.ts';
import { doctorCommand } from '../doctor.ts';
import { doctorsRepository, NONE, notes, quietEnvironment, wrongOf } from './doctors-repository.testing.ts';

let at: Awaited<ReturnType<typeof doctorsRepository>>;
let model: string;

beforeAll(async () => {
  at = await doctorsRepository();
});
beforeEach(async () => {
  model = await at.newModel();
});
afterAll(() => at.remove());

const doctor = (...call: Parameters<typeof at.doctor>) => at.doctor(...call);

describe('without a home outside', () => {
  test('says that all stays in folders, and writes nothing', async () => {
    const before = await readdir(at.root);
    const findings = await doctor();
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.map(({ said }) => said).join('\n')).toMatch(
      /data stay in folders.*models stay in folders/,
    );
    expect(await readdir(at.root)).toEqual(before);
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
    await writeFile(join(at.root, 'params.yaml'), 'models: {}\n');
    const findings = await doctor();
    expect(wrongOf(findings).map(({ where }) => where)).toEqual(['params.yaml']);
    expect(findings.some(({ home }) => home === 'cache')).toBe(true);
  });

  test('a cache corrupted by one bit is named with its file', async () => {
    const root = join(at.root, '.perennial');
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
    const folder = join(at.root, 'store');
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

test('runs that wait for the tracking server are counted', async () => {
  const spool = join(at.root, '.perennial', 'artifacts', model, 'spool');
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
    const error = await doctorCommand(quietEnvironment({ console }), {
      json,
      repository: at.root,
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
    expect(well.text).toMatch(/^✓ git +\d.*\n(.*\n)+\nAll is well: \d+ checks\.$/);
    const wrong = await told({ MLFLOW_TRACKING_URI: 'localhost:5000' }, false);
    expect(wrong.error?.exitCode).toBe(7);
    expect(wrong.text).toMatch(/✗ settings .*has no http.*\n +→ write http:\/\/localhost:5000$/m);
  });

  test('one JSON document', async () => {
    const { text, error } = await told({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' }, true);
    expect(error?.exitCode).toBe(3);
    const { well, findings } = JSON.parse(text);
    expect(well).toBe(false);
    expect(wrongOf(findings)).toMatchObject([{ home: 'MLflow', exitCode: 3 }]);
  });
});

test('as a process: neither its output nor its log holds a secret', async () => {
  const remote = await DvcHttpRemote.start({ user: 'ada', password: 'ge"heim %2F-7781' });
  remote.mood = 'expired';
  const run = `test-${randomBytes(6).toString('hex')}`;
  const log = join(REPOSITORY, '.perennial', 'logs', `${run}.jsonl`);
  try {
    const { all, exitCode } = await execa('npx', ['tsx', 'pipeline/main.ts', 'doctor', '--json'], {
      cwd: REPOSITORY,
      reject: false,
      all: true,
      timeout: 100_000,
      env: {
        ...{ ...NONE, LOG_LEVEL: 'debug', PERENNIAL_RUN: run, DAGSHUB_REPO: '' },
        ...{
          PERENNIAL_REMOTE: remote.url,
          PERENNIAL_REMOTE_USER: 'ada',
          PERENNIAL_REMOTE_PASSWORD: remote.password,
        },
        ...{ MLFLOW_TRACKING_URI: `${remote.origin}/mlflow`, MLFLOW_TRACKING_TOKEN: 'geheim-9931' },
        ...{
          MLFLOW_TRACKING_USERNAME: '',
          MLFLOW_TRACKING_PASSWORD: '',
          MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
        },
      },
    });
    expect(all).toMatch(/"home": "remote"[^}]*"state": "wrong"/);
    expect(all).toMatch(/"home": "MLflow"[^}]*"state": "wrong"/);
    expect(exitCode).toBe(7);
    const logged = await readFile(log, 'utf8').catch(() => '');
    for (const text of [all, logged]) expect(text).not.toMatch(/heim|7781|9931/);
  } finally {
    await rm(log, { force: true });
    await remote.close();
  }
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
