import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GitHost } from '../../../test/servers/git-host.ts';
import { uniqueName } from '../../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { dvcAt } from '../../clients/dvc.ts';
import { mlflowAt } from '../../clients/mlflow/mlflow-at.ts';
import type { RemoteHome } from '../../contracts/homes.ts';
import { mlflowRegistry } from '../../registry/mlflow.ts';
import { about, sampleBundle } from '../../registry/sample-bundle.testing.ts';
import { NONE, quietEnvironment } from '../doctor/doctors-repository.testing.ts';
import { type PruneOptions, pruneCommand } from './prune.ts';

let host: GitHost;
let root: string;
let remote: string;
let token: string;
beforeEach(async () => {
  host = await GitHost.start();
  token = host.person('ada', 'read');
  root = await mkdtemp(join(tmpdir(), 'perennial-prune-'));
  remote = await mkdtemp(join(tmpdir(), 'perennial-remote-'));
  vi.stubEnv('GITHUB_REPOSITORY', host.repository);
  vi.stubEnv('GITHUB_API_URL', host.apiUrl);
  vi.stubEnv('GITHUB_SERVER_URL', host.serverUrl);
  vi.stubEnv('GITHUB_TOKEN', token);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
  await rm(remote, { recursive: true, force: true });
  await host.stop();
});

const git = async (...args: string[]) =>
  (
    await execa('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost', ...args], {
      cwd: root,
      env: { GIT_CONFIG_GLOBAL: '/dev/null' },
      timeout: 60_000,
    })
  ).stdout;

async function put(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** Objects below the remote, as DVC names them. */
async function objects(): Promise<string[]> {
  const files = await readdir(remote, { recursive: true });
  return files
    .filter((path) => /md5\/..\/.{30}/.test(path))
    .map((path) => path.slice('files/md5/'.length).replace('/', ''));
}

async function age(): Promise<void> {
  const longAgo = new Date(Date.now() - 30 * 86_400_000);
  for (const hash of await objects())
    await utimes(join(remote, 'files/md5', hash.slice(0, 2), hash.slice(2)), longAgo, longAgo);
}

/** A repository of one model, with DVC, on the host. */
async function begin(model: string): Promise<void> {
  await git('init', '-q', '--initial-branch=master');
  await git('remote', 'add', 'origin', host.originFor(token));
  const entry = `task: forecast\n    source: { urls: [https://example.org/cases.csv] }`;
  await put('params.yaml', `promotion: { mode: pull-request }\nmodels:\n  ${model}:\n    ${entry}\n`);
  await dvcAt({ root }).init();
}

/** Commits data of that content, sent to the remote. @returns the data version */
async function data(content: string, day: string): Promise<string> {
  const home: RemoteHome = {
    name: 'origin',
    kind: 'folder',
    shown: remote,
    config: { url: remote },
    secrets: [],
    from: 'PERENNIAL_REMOTE',
  };
  await put('data/a.csv', content);
  await put('data/same.csv', 'of all versions');
  const dvc = dvcAt({ root, remote: home });
  await dvc.add('data');
  await dvc.push();
  await git('add', '-A');
  await commit(`data of ${day}`, day);
  return /md5: (\w+\.dir)/.exec(await git('show', 'HEAD:data.dvc'))![1];
}

async function commit(message: string, day: string): Promise<void> {
  await execa('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost', 'commit', '-qm', message], {
    cwd: root,
    env: { GIT_AUTHOR_DATE: `${day}T00:00:00Z`, GIT_COMMITTER_DATE: `${day}T00:00:00Z` },
  });
}

async function prune(options: Partial<PruneOptions> = {}, env: NodeJS.ProcessEnv = {}) {
  const printed: string[] = [];
  const quiet = quietEnvironment();
  const environment = {
    ...quiet,
    console: { ...quiet.console, print: (text: string) => void printed.push(text) },
  };
  await pruneCommand(environment, {
    keep: 1,
    json: true,
    repository: root,
    env: { ...NONE, PERENNIAL_REMOTE: remote, ...env },
    ...options,
  });
  return JSON.parse(printed.join('\n'));
}

it('collects of a remote only what no branch, tag or kept version needs', async () => {
  await begin('cases');
  const gone = await data('gone', '2025-01-01');
  const tagged = await data('tagged', '2025-02-01');
  await git('tag', '-a', 'v1', '-m', 'one');
  const other = await data('other', '2025-03-01');
  await git('branch', 'other');
  const newest = await data('newest', '2025-04-01');
  await git('push', '-q', host.bare, 'master', 'other', 'v1');
  // A workflow's clone: it has no branch of its own but master.
  await git('branch', '-D', 'other');
  await expect(prune()).resolves.toMatchObject({ summary: 'Nothing goes: all that is there is needed.' });
  await age();
  const before = await objects();
  const dry = await prune();
  expect(dry.items).toContainEqual(expect.objectContaining({ kind: 'objects', goes: true, count: 2 }));
  expect((await objects()).sort()).toEqual(before.sort());
  await prune({ apply: true });
  const left = await objects();
  expect(before.filter((hash) => !left.includes(hash))).toHaveLength(2);
  expect(left).not.toContain(gone);
  for (const version of [tagged, other, newest]) expect(left).toContain(version);
  // What stays can be had whole.
  await rm(join(root, '.dvc', 'cache'), { recursive: true });
  for (const revision of ['v1', 'origin/other', 'master']) {
    if (revision === 'origin/other') await git('fetch', '-q', 'origin');
    await git('checkout', '-q', '-f', revision);
    await dvcAt({
      root,
      remote: {
        name: 'origin',
        kind: 'folder',
        shown: remote,
        config: { url: remote },
        secrets: [],
        from: 'PERENNIAL_REMOTE',
      },
    }).pull({ force: true });
  }
}, 300_000);

it('refuses where it cannot see what is needed: a shallow clone, an unfetched branch, a lost list', async () => {
  await begin('cases');
  const lost = await data('first', '2025-01-01');
  await git('push', '-q', host.bare, 'master');
  const elsewhere = await mkdtemp(join(tmpdir(), 'perennial-shallow-'));
  await put('b', '2');
  await git('add', 'b');
  await commit('more', '2025-02-01');
  await git('push', '-q', host.bare, 'master');
  await execa('git', ['clone', '-q', '--depth=1', `file://${host.bare}`, elsewhere]);
  await expect(prune({ repository: elsewhere, apply: true })).rejects.toThrow(/shallow/);
  await execa('git', ['fetch', '-q', '--unshallow'], { cwd: elsewhere });
  await put('b', '3');
  await git('add', 'b');
  await commit('still more', '2025-03-01');
  await git('push', '-q', host.bare, 'master');
  await expect(prune({ repository: elsewhere, apply: true })).rejects.toThrow(
    /master of the host was not fetched/,
  );
  await rm(elsewhere, { recursive: true });
  await git('push', '-q', host.bare, 'master:refs/heads/theirs');
  await prune();
  await rm(join(remote, 'files/md5', lost.slice(0, 2), lost.slice(2)));
  await expect(prune({ apply: true })).rejects.toThrow(
    /the remote lacks data that branches or tags need: branch \w+ needs/,
  );
}, 300_000);

it('takes versions and runs away at MLflow that nothing names, and leaves the others whole', async () => {
  const home = await sharedMlflow('3');
  const model = uniqueName('cases');
  const mlflow = mlflowAt(home);
  const registry = mlflowRegistry(mlflow, { model, experiment: model, now: () => new Date() });
  const runOf = async (name: string) => {
    const { experiment_id: experimentId } = await mlflow.ensureExperiment(model);
    const run = await mlflow.createRun({
      experimentId,
      name,
      startTime: new Date(),
      tags: { 'perennial.model': model },
    });
    await mlflow.updateRun(run.info.run_id, { status: 'FINISHED' });
    return run.info.run_id;
  };
  const runs: string[] = [];
  for (const content of ['one', 'two', 'three', 'four', 'five']) {
    const run = await runOf(content);
    runs.push(run);
    const parent = content === 'three' ? 'v0001' : null;
    await registry.register(sampleBundle(content).files, { ...about, run, parent });
  }
  const tries = [await runOf('old try'), await runOf('newest try')];
  await registry.setAlias('champion', 'v0003', null);
  await begin(model);
  const production = { version: 'v0004', digest: sampleBundle('four').digest, run: runs[3] };
  await put(`reports/${model}/production.json`, production);
  await git('add', '-A');
  await commit('production', '2025-01-01');
  await git('push', '-q', host.bare, 'master');
  const env = {
    MLFLOW_TRACKING_URI: home.url,
    MLFLOW_TRACKING_USERNAME: home.username,
    MLFLOW_TRACKING_PASSWORD: home.password,
    PERENNIAL_REMOTE: undefined,
  };
  const dry = await prune({}, env);
  const gone = (kind: string, items: { kind: string; goes: boolean; name: string }[]) =>
    items.filter((item) => item.kind === kind && item.goes).map(({ name }) => name);
  expect([gone('version', dry.items), gone('run', dry.items).sort()]).toEqual([
    ['v0002'],
    [runs[1], tries[0]].sort(),
  ]);
  expect(await registry.versions()).toHaveLength(5);
  expect((await prune({ apply: true }, env)).summary).toBe('Removed: 1 version, 2 runs.');
  expect((await registry.versions()).map(({ version }) => version)).toEqual([
    'v0001',
    'v0003',
    'v0004',
    'v0005',
  ]);
  for (const version of ['v0001', 'v0003', 'v0004', 'v0005'])
    expect((await registry.bundle(version)).size).toBeGreaterThan(0);
  expect((await registry.alias('champion'))?.version).toBe('v0003');
  expect((await prune({ apply: true }, env)).summary).toBe('Nothing goes: all that is there is needed.');
  await mlflow.close();
}, 900_000);
