import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LockedError } from '../contracts/errors.ts';
import { REPOSITORY, workspaceAt } from '../workspace.ts';
import { dvcAt } from './dvc.ts';
import { commitWorkspace, lockWorkspace, prepareWorkspace } from './workspace.ts';

let repository: string;

/** A clone in small: the real dvc.yaml, its commands replaced by ones that take no time. */
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'perennial-workspace-'));
  const dvcYaml = readFileSync(join(REPOSITORY, 'dvc.yaml'), 'utf8');
  const quick = dvcYaml.replace(
    /npm run --silent pipeline -- stage (\w+) --model \$\{key\}/g,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are DVC's own
    'mkdir -p artifacts/${key}/$1 && cat artifacts/${key}/recipe/$1.json > artifacts/${key}/$1/out',
  );
  expect(quick.match(/mkdir -p/g)).toHaveLength(3);
  write(repository, 'dvc.yaml', quick);
  write(
    repository,
    'params.yaml',
    'models:\n  a: { task: forecast }\n  b: { task: forecast }\n  idle: { task: forecast }\n',
  );
  cpSync(join(REPOSITORY, '.gitignore'), join(repository, '.gitignore'));
  git('init', '-q');
  commit();
});

afterEach(() => rmSync(repository, { recursive: true, force: true }));

function write(root: string, name: string, text: string) {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}
const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, encoding: 'utf8' });
const commit = () => {
  git('add', '-A');
  git('-c', 'user.name=x', '-c', 'user.email=x@y', '-c', 'commit.gpgsign=false', 'commit', '-qm', 'x');
};

/** What ingest, gate and the run leave for the cached stages. */
function inputs(root: string, model: string, data = '1', recipe = '1') {
  for (const name of ['observations.parquet', 'tracts.json', 'places.geojson'])
    write(root, `data/${model}/${name}`, data);
  write(root, `artifacts/${model}/plan.json`, '{}');
  for (const stage of ['features', 'profile', 'train']) {
    write(root, `artifacts/${model}/recipe/${stage}.json`, `${model} ${stage === 'train' ? recipe : '1'}`);
  }
}
const targets = ['a', 'b'].flatMap((model) =>
  ['features', 'profile', 'train'].map((stage) => `${stage}@${model}`),
);

it('runs the stages of each model in .perennial/, only those that changed, and the clone stays clean', async () => {
  const workspace = await prepareWorkspace({ mode: 'local', repository });
  expect(workspace).toEqual({ root: join(repository, '.perennial'), local: true });
  const { root } = workspace;
  inputs(root, 'a');
  inputs(root, 'b');
  const dvc = dvcAt({ root });
  const ran = async () =>
    (await dvc.repro(targets)).stages
      .filter(({ outcome }) => outcome === 'ran')
      .map(({ stage }) => stage)
      .sort();

  await dvc.add('data');
  expect(await ran()).toEqual([...targets].sort());
  expect(await ran()).toEqual([]);
  inputs(root, 'b', '1', 'other code');
  expect(await ran()).toEqual(['train@b']);
  inputs(root, 'a', '2');
  await dvc.add('data');
  // What features@a leaves is the same bytes, so profile@a need not run; train@a reads the places of the data.
  expect(await ran()).toEqual(['features@a', 'train@a']);

  const first = await commitWorkspace(workspace, 'a run');
  expect(first).toMatch(/^[0-9a-f]{40}$/);
  expect(await commitWorkspace(workspace, 'nothing')).toBeNull();
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  expect(tracked).toEqual(expect.arrayContaining(['data.dvc', 'dvc.lock', 'dvc.yaml', 'params.yaml']));
  expect(tracked.filter((name) => /^(data|artifacts|models)\//.test(name))).toEqual([]);
  expect(execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' })).toBe('');
  expect(git('status', '--porcelain')).toBe('');
});

it('prepares the same twice, completes what a killed run left, and brings new settings in', async () => {
  const root = join(repository, '.perennial');
  mkdirSync(join(root, '.git'), { recursive: true });
  mkdirSync(join(root, '.dvc'), { recursive: true });
  write(root, '.dvc/config', '');
  await prepareWorkspace({ mode: 'local', repository });
  expect(await dvcAt({ root }).status()).toEqual(expect.any(Object));
  expect(execFileSync('git', ['rev-parse', '--show-toplevel'], { cwd: root, encoding: 'utf8' }).trim()).toBe(
    root,
  );

  const config = readFileSync(join(root, '.git/config'), 'utf8');
  write(repository, 'params.yaml', 'models:\n  c: { task: forecast }\n');
  await prepareWorkspace({ mode: 'local', repository });
  expect(readFileSync(join(root, '.git/config'), 'utf8')).toBe(config);
  expect(readFileSync(join(root, 'params.yaml'), 'utf8')).toContain('c: {');
});

it('works in the repository itself in the other modes, and leaves committing to the workflow', async () => {
  const workspace = await prepareWorkspace({ mode: 'pull-request', repository });
  expect(workspace).toEqual({ root: repository, local: false });
  expect(existsSync(join(repository, '.perennial'))).toBe(false);
  inputs(repository, 'a');
  const dvc = dvcAt({ root: repository });
  await dvc.add('data');
  expect((await dvc.repro(['train@a'])).stages.map(({ outcome }) => outcome)).toEqual(['ran', 'ran']);
  expect(await commitWorkspace(workspace, 'x')).toBeNull();
  // Only what the robot commits is new.
  const changed = git('status', '--porcelain', '-uall')
    .trim()
    .split('\n')
    .map((line) => line.slice(3));
  expect(changed.sort()).toEqual(['.dvc/.gitignore', '.dvc/config', '.dvcignore', 'data.dvc', 'dvc.lock']);
});

it('lets one run at a time in and takes over from a killed one at once', async () => {
  const workspace = workspaceAt(repository);
  const unlock = await lockWorkspace(workspace);
  const refusal = await lockWorkspace(workspace).catch((error) => error);
  expect(refusal).toBeInstanceOf(LockedError);
  expect(refusal.message).toContain(`process ${process.pid}`);
  await unlock();
  await (await lockWorkspace(workspace))();

  const program = `import { lockWorkspace } from './pipeline/clients/workspace-lock.ts';
    await lockWorkspace({ root: ${JSON.stringify(repository)}, local: false });
    console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: REPOSITORY,
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await expect(lockWorkspace(workspace)).rejects.toThrow(LockedError);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  await (await lockWorkspace(workspace))();
});
